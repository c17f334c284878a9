"""A symbolic link on ext4 is no file."""
from __future__ import annotations

from pathlib import Path

from tests.disk_kit import against, debugfs, ext
from tests.vectors_kit import CONTENT, Case


def build(folder: Path) -> Case:
    image = ext(folder)
    debugfs(image, "symlink /链接.txt 说明.txt")
    return against(folder, image, {**CONTENT, "链接.txt": CONTENT["说明.txt"]})
