"""A part that the form names is not there: the line is missing."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import PLAIN, SCOPED, Case, genisoimage, scoped, workbook


def build(folder: Path) -> Case:
    rows = [scoped("a.dat;b.dat;c.dat", "多文件", b"".join(PLAIN.values()) + b"c")]
    return Case(genisoimage(folder, PLAIN), workbook(folder, rows, header=SCOPED))
