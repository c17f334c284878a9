"""In a transfer of a copy a disc that is not finalised is worth a note only."""
from __future__ import annotations

from pathlib import Path

from tests.drives_kit import DISC_INFORMATION, disc_drive
from tests.transfer_kit import carrier_2022, transfer
from tests.vectors_kit import Case, genisoimage


def build(folder: Path) -> Case:
    content = carrier_2022()
    case = transfer(folder, content, genisoimage(folder, content))
    return disc_drive(case, 0x11, DISC_INFORMATION["session begun"])
