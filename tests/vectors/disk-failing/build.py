"""A disk behind a known bridge with sectors that wait to be remapped."""
from __future__ import annotations

from pathlib import Path

from tests.drives_kit import disk_drive
from tests.vectors_kit import Case, usual


def build(folder: Path) -> Case:
    return disk_drive(usual(folder), "pending")
