"""Running numbers 1, 1, 5; and one that is none."""
from __future__ import annotations

from pathlib import Path

from tests.transfer_kit import body, carrier_2022, catalogue_xml, rows, transfer
from tests.vectors_kit import Case


def build(folder: Path) -> Case:
    content = carrier_2022()
    entries = rows(named=False)
    entries.append({**entries[2], "档号": "J010-WS·2026-Y-0001-附", "顺序号": "附"})
    entries[1]["顺序号"], entries[2]["顺序号"] = "1", "5"
    content["J010/WS/J010-WS·2026-Y-0001/J010-WS·2026-Y-0001-附.pdf"] = body("附")
    content["目录文件.XML"] = catalogue_xml(entries).encode()
    return transfer(folder, content)
