"""A backup needs no catalogue; the item count of its form stays the unit's."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import PLAIN, SHEET, Case, genisoimage, lines_of, workbook


def build(folder: Path) -> Case:
    return Case(genisoimage(folder, PLAIN), workbook(folder, lines_of(PLAIN), sheet={**SHEET, "数量(件)": "99"}))
