"""A 情况表 without a single digest."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, SHEET, Case, genisoimage, workbook


def build(folder: Path) -> Case:
    return Case(genisoimage(folder, CONTENT), workbook(folder, [], sheet=SHEET))
