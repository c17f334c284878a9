"""The form declares four items, the catalogue has three."""
from __future__ import annotations

from pathlib import Path

from tests.transfer_kit import carrier_2012, transfer
from tests.vectors_kit import Case


def build(folder: Path) -> Case:
    return transfer(folder, carrier_2012(), **{"数量(件)": "4"})
