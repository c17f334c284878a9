"""FAT12 with long names."""
from __future__ import annotations

from pathlib import Path

from tests.disk_kit import against, fat
from tests.vectors_kit import Case


def build(folder: Path) -> Case:
    return against(folder, fat(folder))
