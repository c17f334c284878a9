"""A 续表 in an .ods, with the repeated empty rows and columns that LibreOffice writes after every sheet."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, HEADER, Case, genisoimage, lines_of, ods


def build(folder: Path) -> Case:
    rows = [HEADER, *lines_of(CONTENT)]
    return Case(genisoimage(folder, CONTENT), ods(folder, rows))
