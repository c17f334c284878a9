"""Two files of FAT share clusters."""
from __future__ import annotations

from pathlib import Path

from tests.disk_kit import against, dentry, fat
from tests.vectors_kit import PLAIN, Case, patch


def build(folder: Path) -> Case:
    image = fat(folder, PLAIN)
    first = dentry(image, b"B       DAT") + 26
    cluster = int.from_bytes(image.read_bytes()[first:first + 2], "little")
    patch(image, dentry(image, b"A       DAT") + 26, (cluster + 1).to_bytes(2, "little"))
    return against(folder, image, PLAIN)
