"""The copy of the boot sector at the end of an NTFS volume differs."""
from __future__ import annotations

from pathlib import Path

from tests.disk_kit import against, ntfs
from tests.vectors_kit import PLAIN, Case, patch


def build(folder: Path) -> Case:
    image = ntfs(folder, PLAIN)
    patch(image, image.stat().st_size - 512 + 48, b"\x99")
    return against(folder, image, PLAIN)
