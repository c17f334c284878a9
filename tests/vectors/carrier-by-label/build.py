"""A form of two carriers; the label says which one this is."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, digest, genisoimage, lines_of, workbook


def build(folder: Path) -> Case:
    other = [("J010-2026-01-G002-A", "别的.txt", "MD5", digest(b"other"))]
    return Case(genisoimage(folder, CONTENT), workbook(folder, [*other, *lines_of(CONTENT)]))
