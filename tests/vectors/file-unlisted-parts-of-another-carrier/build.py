"""A package in parts that the form puts on no carrier; two odd parts of its name lie here, the sound ones elsewhere."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import NUMBER, PLAIN, SCOPED, Case, genisoimage, scoped, workbook


def build(folder: Path) -> Case:
    stray = {"x.7z.001": b"not the first", "x.7z.003": b"not the third"}
    rows = [scoped("x.7z", "分卷", b"the sound parts", number=""),
            *(scoped(path, "单个文件", raw) for path, raw in PLAIN.items()),
            scoped("other.dat", "单个文件", b"other", number=NUMBER.replace("G001", "G002"))]
    return Case(genisoimage(folder, {**PLAIN, **stray}), workbook(folder, rows, header=SCOPED))
