"""Metadata beside a record are cut off; another is empty."""
from __future__ import annotations

from pathlib import Path

from tests.transfer_kit import CODES, carrier_2022, transfer
from tests.vectors_kit import Case


def build(folder: Path) -> Case:
    content = carrier_2022()
    path = "J010/WS/{}/电子档案元数据.XML"
    content[path.format(CODES[0])] = content[path.format(CODES[0])][:-5]
    content[path.format(CODES[1])] = b""
    return transfer(folder, content)
