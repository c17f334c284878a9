"""A disk with remapped sectors, and with transfer errors that are the cable's."""
from __future__ import annotations

from pathlib import Path

from tests.drives_kit import disk_drive
from tests.vectors_kit import Case, usual


def build(folder: Path) -> Case:
    return disk_drive(usual(folder), "worn")
