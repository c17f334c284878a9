"""A 续表 as the spreadsheet of WPS, whose .et is BIFF8 in a compound file or Office Open XML; here the first."""
from __future__ import annotations

from pathlib import Path

import xlwt

from tests.vectors_kit import CONTENT, HEADER, Case, genisoimage, lines_of


def build(folder: Path) -> Case:
    book = xlwt.Workbook()
    sheet = book.add_sheet("续表")
    for row, cells in enumerate([HEADER, *lines_of(CONTENT)]):
        for column, cell in enumerate(cells):
            sheet.write(row, column, cell)
    book.save(str(folder / "form.et"))
    return Case(genisoimage(folder, CONTENT), folder / "form.et")
