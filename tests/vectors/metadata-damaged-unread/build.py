"""The blocks of 说明文件 cannot be read."""
from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.faults import FaultySource
from tests.transfer_kit import carrier_2022, transfer
from tests.vectors_kit import Case, block_of


def build(folder: Path) -> Case:
    case = transfer(folder, carrier_2022())
    lba = block_of(case.source, carrier_2022()["说明文件.TXT"])
    return replace(case, pread=FaultySource(bad={lba}))
