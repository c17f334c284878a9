"""A form of two carriers, a label that says nothing, and --carrier."""
from __future__ import annotations

from pathlib import Path

from checks.bind import Choice
from tests.vectors_kit import CONTENT, NUMBER, Case, digest, genisoimage, lines_of, workbook


def build(folder: Path) -> Case:
    other = [("J010-2026-01-G002-A", "别的.txt", "MD5", digest(b"other"))]
    image = genisoimage(folder, CONTENT, label="CDROM")
    return Case(image, workbook(folder, [*other, *lines_of(CONTENT)]), Choice(carrier_no=NUMBER))
