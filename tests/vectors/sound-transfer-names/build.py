"""电子档案名称 with paths, several files, a title where the 档号 tells the files; full-width 顺序号."""
from __future__ import annotations

from pathlib import Path

from tests.transfer_kit import CODES, body, carrier_2012, catalogue_xml, rows, transfer
from tests.vectors_kit import Case


def build(folder: Path) -> Case:
    content, (first, second, third) = carrier_2012(), rows()
    first |= {"电子档案名称": f"E:\\电子档案\\2026\\文书\\{CODES[0]}.pdf", "顺序号": "１"}
    second |= {"电子档案名称": f"{CODES[1]}.pdf;附件.ofd"}
    third |= {"电子档案名称": "关于第3号事项的通知"}
    content["文件目录.XML"] = catalogue_xml([first, second, third]).encode()
    content["电子档案/2026/文书/附件.ofd"] = b"PK\x03\x04" + body("附件")
    return transfer(folder, content)
