"""FAT32 of which another table than the first is in use."""
from __future__ import annotations

from pathlib import Path

from tests.disk_kit import against, fat
from tests.vectors_kit import CONTENT, Case, patch


def build(folder: Path) -> Case:
    image = fat(folder, CONTENT, "-F", "32", "-s", "1", kib=40960)
    for sector in (0, 6):
        patch(image, sector * 512 + 40, b"\x81")
    return against(folder, image)
