"""An entry that names nothing."""
from __future__ import annotations

from pathlib import Path

from tests.transfer_kit import carrier_2022, catalogue_xml, rows, transfer
from tests.vectors_kit import Case


def build(folder: Path) -> Case:
    content = carrier_2022()
    entries = rows(named=False)
    entries[1]["档号"] = ""
    del content["J010/WS/J010-WS·2026-Y-0002/正文.pdf"], content["J010/WS/J010-WS·2026-Y-0002/电子档案元数据.XML"]
    content["目录文件.XML"] = catalogue_xml(entries).encode()
    return transfer(folder, content)
