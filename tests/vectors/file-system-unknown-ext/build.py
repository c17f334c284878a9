"""ext4 with a feature that is not read here."""
from __future__ import annotations

from pathlib import Path

from tests.disk_kit import against, ext
from tests.vectors_kit import CONTENT, Case


def build(folder: Path) -> Case:
    return against(folder, ext(folder, CONTENT, "-O", "bigalloc,extent", "-C", "16384"))
