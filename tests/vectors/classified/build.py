"""A form marked secret: refused before the first block is read."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, SHEET, Case, lines_of, workbook


def build(folder: Path) -> Case:
    form = workbook(folder, lines_of(CONTENT), sheet={**SHEET, "密级": "机密"})
    return Case(folder / "never-looked-at.iso", form)
