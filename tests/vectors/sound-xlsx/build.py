"""A 续表 in a workbook by xlsxwriter."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, genisoimage, lines_of, workbook


def build(folder: Path) -> Case:
    return Case(genisoimage(folder, CONTENT), workbook(folder, lines_of(CONTENT)))
