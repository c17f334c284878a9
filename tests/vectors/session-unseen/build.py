"""The drive knows of a second session that nothing on the disc leads to."""
from __future__ import annotations

from pathlib import Path

from tests.drives_kit import DISC_INFORMATION, disc_drive
from tests.vectors_kit import Case, usual


def build(folder: Path) -> Case:
    return disc_drive(usual(folder), 0x09, DISC_INFORMATION["complete, two sessions"], sessions=(1, 2))
