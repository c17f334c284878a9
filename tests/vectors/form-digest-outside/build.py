"""The list goes on on a second sheet without its header: those digests are not compared, and that is said."""
from __future__ import annotations

from pathlib import Path

from xlsxwriter import Workbook

from tests.vectors_kit import CONTENT, HEADER, Case, genisoimage, lines_of


def build(folder: Path) -> Case:
    first, *rest = lines_of(CONTENT)
    with Workbook(str(folder / "form.xlsx")) as book:
        for rows in ([HEADER, first], rest):
            sheet = book.add_worksheet()
            for at, cells in enumerate(rows):
                sheet.write_row(at, 0, cells)
    return Case(genisoimage(folder, CONTENT), folder / "form.xlsx")
