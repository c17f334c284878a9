"""The list of CRC32 goes on on a second sheet without its header; the files there are not even on the carrier."""
from __future__ import annotations

import zlib
from pathlib import Path

from xlsxwriter import Workbook

from tests.vectors_kit import CONTENT, Case, genisoimage

HEADER = ("载体编号", "文件名", "CRC32")


def build(folder: Path) -> Case:
    rows = [("G001", name, f"{zlib.crc32(content):08X}") for name, content in CONTENT.items()]
    gone = [("G001", "案卷/0003.txt", "1A2B3C4D"), ("G001", "案卷/0004.txt", "00C0FFEE")]
    with Workbook(str(folder / "form.xlsx")) as book:
        for cells_of in ([HEADER, *rows], gone):
            sheet = book.add_worksheet()
            for at, cells in enumerate(cells_of):
                sheet.write_row(at, 0, cells)
    return Case(genisoimage(folder, CONTENT), folder / "form.xlsx")
