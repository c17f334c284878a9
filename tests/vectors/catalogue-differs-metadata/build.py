"""A record without metadata."""
from __future__ import annotations

from pathlib import Path

from tests.transfer_kit import CODES, carrier_2012, transfer
from tests.vectors_kit import Case


def build(folder: Path) -> Case:
    content = carrier_2012()
    del content[f"电子档案/2026/文书/电子档案{CODES[1]}元数据.XML"]
    return transfer(folder, content)
