"""FAT32 with long names."""
from __future__ import annotations

from pathlib import Path

from tests.disk_kit import against, fat
from tests.vectors_kit import CONTENT, Case


def build(folder: Path) -> Case:
    return against(folder, fat(folder, CONTENT, "-F", "32", kib=40960))
