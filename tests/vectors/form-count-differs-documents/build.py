"""The 公文明细 lists two documents, the 情况表 declares three."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, SHEET, Case, genisoimage, lines_of, workbook


def build(folder: Path) -> Case:
    documents = [("序号", "档号", "文号", "题名", "责任者"), (1, "J010-WS-0001", "", "通知", "某局"),
                 (2, "J010-WS-0002", "", "报告", "某局"), ("合计",)]
    sheet = {**SHEET, "件数": "3"}
    return Case(genisoimage(folder, CONTENT), workbook(folder, lines_of(CONTENT), sheet=sheet, catalogue=documents))
