"""A line declares another size than its file has; the digest agrees."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, HEADER, Case, genisoimage, lines_of, workbook


def build(folder: Path) -> Case:
    rows = [(*row, "9001" if row[1].endswith("bin") else "") for row in lines_of(CONTENT)]
    return Case(genisoimage(folder, CONTENT), workbook(folder, rows, header=(*HEADER, "字节数")))
