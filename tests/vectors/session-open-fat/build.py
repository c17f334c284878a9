"""FAT16 that was not ejected properly."""
from __future__ import annotations

from pathlib import Path

from tests.disk_kit import against, fat
from tests.vectors_kit import CONTENT, Case, patch


def build(folder: Path) -> Case:
    image = fat(folder, CONTENT, kib=20480)
    for at in (4, 4 + int.from_bytes(image.read_bytes()[22:24], "little")):
        patch(image, at * 512 + 3, b"\x7f")
    return against(folder, image)
