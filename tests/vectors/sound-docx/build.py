"""A 续表 in a document by python-docx, its digests wrapped over two lines."""
from __future__ import annotations

from pathlib import Path

import docx

from tests.vectors_kit import CONTENT, HEADER, Case, genisoimage, lines_of


def build(folder: Path) -> Case:
    document = docx.Document()
    document.add_paragraph("单位名称(盖章):示例县民政局")
    table = document.add_table(0, len(HEADER))
    for cells in [HEADER, *lines_of(CONTENT)]:
        for cell, text in zip(table.add_row().cells, cells, strict=True):
            cell.text = f"{text[:16]}\n{text[16:]}" if len(text) == 32 else text
    document.save(str(folder / "form.docx"))
    return Case(genisoimage(folder, CONTENT), folder / "form.docx")
