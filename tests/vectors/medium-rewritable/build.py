"""A DVD+RW: what lies on it can be changed afterwards."""
from __future__ import annotations

from pathlib import Path

from tests.drives_kit import DISC_INFORMATION, disc_drive
from tests.vectors_kit import Case, usual


def build(folder: Path) -> Case:
    return disc_drive(usual(folder), 0x1A, DISC_INFORMATION["overwritable"])
