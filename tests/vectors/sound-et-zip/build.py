"""A 续表 as the spreadsheet of WPS in its other container, Office Open XML under the name .et."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, genisoimage, lines_of, workbook


def build(folder: Path) -> Case:
    form = workbook(folder, lines_of(CONTENT)).rename(folder / "form.et")
    return Case(genisoimage(folder, CONTENT), form)
