"""A transfer in the structure of 2012, its texts in GB2312."""
from __future__ import annotations

from pathlib import Path

from tests.transfer_kit import carrier_2012, transfer
from tests.vectors_kit import Case


def build(folder: Path) -> Case:
    return transfer(folder, carrier_2012("GB2312"))
