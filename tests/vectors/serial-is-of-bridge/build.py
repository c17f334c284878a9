"""A bridge that smartctl does not know is not probed; the serial number is its own."""
from __future__ import annotations

from pathlib import Path

from tests.drives_kit import disk_drive
from tests.vectors_kit import Case, usual


def build(folder: Path) -> Case:
    return disk_drive(usual(folder), "unknown bridge")
