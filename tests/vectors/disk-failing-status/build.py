"""A disk whose own judgement is that it fails; smartctl ends with bits 3 and 4."""
from __future__ import annotations

from pathlib import Path

from tests.drives_kit import disk_drive
from tests.vectors_kit import Case, usual


def build(folder: Path) -> Case:
    return disk_drive(usual(folder), "failing")
