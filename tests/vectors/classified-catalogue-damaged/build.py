"""The same in a catalogue that is cut off right behind the mark."""
from __future__ import annotations

from pathlib import Path

from tests.transfer_kit import carrier_2022, catalogue_xml, rows, transfer
from tests.vectors_kit import Case


def build(folder: Path) -> Case:
    entries = rows(named=False, 密级="秘密")
    return transfer(folder, carrier_2022() | {"目录文件.XML": catalogue_xml(entries).partition("</密级>")[0].encode()})
