"""A directory of FAT that leads back to the one above it."""
from __future__ import annotations

from pathlib import Path

from tests.disk_kit import against, dentry, fat
from tests.vectors_kit import PLAIN, Case, patch


def build(folder: Path) -> Case:
    image = fat(folder, {**PLAIN, "D/E/c.dat": b"c"})
    up = dentry(image, b"D          ") + 26
    patch(image, dentry(image, b"E          ") + 26, image.read_bytes()[up:up + 2])
    return against(folder, image, PLAIN)
