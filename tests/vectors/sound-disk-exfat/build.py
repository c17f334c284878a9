"""exFAT, with a deleted file."""
from __future__ import annotations

from pathlib import Path

from tests.disk_kit import against, kept
from tests.vectors_kit import Case


def build(folder: Path) -> Case:
    return against(folder, kept(folder, "exfat"))
