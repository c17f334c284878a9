"""A row names a file and has no digest."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, NUMBER, Case, genisoimage, lines_of, workbook


def build(folder: Path) -> Case:
    rows = [*lines_of(CONTENT)[:2], (NUMBER, "案卷/0002.bin", "MD5", "")]
    return Case(genisoimage(folder, CONTENT), workbook(folder, rows))
