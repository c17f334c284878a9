"""A 密级 in the catalogue: refused before the pass."""
from __future__ import annotations

from pathlib import Path

from tests.transfer_kit import carrier_2022, catalogue_xml, rows, transfer
from tests.vectors_kit import Case


def build(folder: Path) -> Case:
    entries = rows(named=False)
    entries[1]["密级"] = "机密★20年"
    return transfer(folder, carrier_2022() | {"目录文件.XML": catalogue_xml(entries).encode()})
