"""The copy of the superblock in group 1 differs."""
from __future__ import annotations

from pathlib import Path

from tests.disk_kit import against, ext
from tests.vectors_kit import CONTENT, Case, patch


def build(folder: Path) -> Case:
    image = ext(folder, CONTENT, "-g", "2048", "-b", "1024")
    patch(image, (1 + 2048) * 1024 + 104, b"other uuid")
    return against(folder, image)
