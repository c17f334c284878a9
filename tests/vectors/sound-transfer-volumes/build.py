"""案卷目录 only: each 案卷 is a directory; the form declares 卷 and no 件."""
from __future__ import annotations

from pathlib import Path

from tests.transfer_kit import CODES, carrier_2012, catalogue_xml, rows, transfer
from tests.vectors_kit import Case


def build(folder: Path) -> Case:
    content = carrier_2012()
    del content["文件目录.XML"]
    for code in CODES:
        content[f"电子档案/2026/{code}/001.pdf"] = content.pop(f"电子档案/2026/文书/{code}.pdf")
    content["案卷目录.XML"] = catalogue_xml(rows(named=False), element="案卷", root="案卷目录").encode()
    return transfer(folder, content, **{"数量(卷)": "3"})
