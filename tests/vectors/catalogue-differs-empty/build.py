"""A catalogue without entries."""
from __future__ import annotations

from pathlib import Path

from tests.transfer_kit import carrier_2022, catalogue_xml, transfer
from tests.vectors_kit import Case


def build(folder: Path) -> Case:
    content = carrier_2022()
    content["目录文件.XML"] = catalogue_xml([]).encode()
    return transfer(folder, content)
