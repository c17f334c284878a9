"""The drive says of a DVD+R that it is not finalised; what lies on it reads well."""
from __future__ import annotations

from pathlib import Path

from tests.drives_kit import DISC_INFORMATION, disc_drive
from tests.vectors_kit import Case, usual


def build(folder: Path) -> Case:
    return disc_drive(usual(folder), 0x1B, DISC_INFORMATION["appendable, one session"])
