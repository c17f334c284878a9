"""NTFS that was not ejected properly."""
from __future__ import annotations

from pathlib import Path

from tests.disk_kit import against, attribute, ntfs
from tests.vectors_kit import PLAIN, Case, patch


def build(folder: Path) -> Case:
    image = ntfs(folder, PLAIN)
    patch(image, attribute(image, "$Volume", 0x70) + 24 + 10, b"\1")
    return against(folder, image, PLAIN)
