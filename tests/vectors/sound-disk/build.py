"""A sound disk behind a known bridge: its own serial number stands in the verdict."""
from __future__ import annotations

from pathlib import Path

from tests.drives_kit import disk_drive
from tests.vectors_kit import Case, usual


def build(folder: Path) -> Case:
    return disk_drive(usual(folder), "sound")
