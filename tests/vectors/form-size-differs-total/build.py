"""The 情况表 declares 6.127 GB, the only carrier has 12 kB."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, SHEET, Case, genisoimage, lines_of, workbook


def build(folder: Path) -> Case:
    sheet = {**SHEET, "数据量(GB)": "6.127", "载体数量": "1"}
    return Case(genisoimage(folder, CONTENT), workbook(folder, lines_of(CONTENT), sheet=sheet))
