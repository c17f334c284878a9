"""The form is about G001, the label reads as G002."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, genisoimage, lines_of, workbook


def build(folder: Path) -> Case:
    image = genisoimage(folder, CONTENT, label="J010_2026_01_G002_A")
    return Case(image, workbook(folder, lines_of(CONTENT)))
