"""A workbook cut in half."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, genisoimage, lines_of, workbook, written


def build(folder: Path) -> Case:
    form = workbook(folder, lines_of(CONTENT))
    return Case(genisoimage(folder, CONTENT), written(folder, "form.xlsx", form.read_bytes()[:3000]))
