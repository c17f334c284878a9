"""A 密级 in the metadata of one record: stopped in the middle of the pass."""
from __future__ import annotations

from pathlib import Path

from tests.transfer_kit import CODES, carrier_2012, metadata, transfer
from tests.vectors_kit import Case


def build(folder: Path) -> Case:
    content = carrier_2012()
    name = f"电子档案/2026/文书/电子档案{CODES[2]}元数据.XML"
    return transfer(folder, content | {name: metadata(CODES[2], "GB18030", "绝密")})
