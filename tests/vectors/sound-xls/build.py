"""A 续表 in an old workbook by xlwt."""
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
    book.save(str(folder / "form.xls"))
    return Case(genisoimage(folder, CONTENT), folder / "form.xls")
