"""exFAT that was not ejected properly."""
from __future__ import annotations

from pathlib import Path

from tests.disk_kit import against, kept
from tests.vectors_kit import Case, patch


def build(folder: Path) -> Case:
    image = kept(folder, "exfat")
    patch(image, 106, b"\2")
    return against(folder, image)
