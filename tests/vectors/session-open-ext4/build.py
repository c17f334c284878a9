"""ext4 whose journal waits to be replayed: a file that is listed and not there may be in it."""
from __future__ import annotations

from pathlib import Path

from tests.disk_kit import against, debugfs, ext
from tests.vectors_kit import CONTENT, Case


def build(folder: Path) -> Case:
    image = ext(folder)
    debugfs(image, "feature needs_recovery")
    return against(folder, image, {**CONTENT, "新.txt": b"new"})
