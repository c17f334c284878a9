"""A 密级 that nobody knows is a doubt."""
from __future__ import annotations

from pathlib import Path

from tests.transfer_kit import carrier_2022, catalogue_xml, rows, transfer
from tests.vectors_kit import Case


def build(folder: Path) -> Case:
    content = carrier_2022()
    entries = rows(named=False)
    entries[1]["密级"] = "3"
    content["目录文件.XML"] = catalogue_xml(entries).encode()
    return transfer(folder, content)
