"""The form declares two volumes, 案卷目录 has three; its items are in no catalogue and stay the unit's."""
from __future__ import annotations

from pathlib import Path

from tests.transfer_kit import carrier_2022, catalogue_xml, rows, transfer
from tests.vectors_kit import Case


def build(folder: Path) -> Case:
    content = carrier_2022()
    del content["目录文件.XML"]
    content["案卷目录.XML"] = catalogue_xml(rows(named=False), element="案卷", root="案卷目录").encode()
    return transfer(folder, content, **{"数量(卷)": "2", "数量(件)": "99"})
