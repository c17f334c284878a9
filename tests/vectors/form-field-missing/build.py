"""The 情况表 has the label of a required field and no value."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, SHEET, Case, genisoimage, lines_of, workbook


def build(folder: Path) -> Case:
    sheet = {**SHEET, "联系人": "", "电话": "0571-1"}
    return Case(genisoimage(folder, CONTENT), workbook(folder, lines_of(CONTENT), sheet=sheet))
