"""A spreadsheet made a number of a digest before it was saved as text."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import PLAIN, Case, digest, genisoimage, written


def build(folder: Path) -> Case:
    lines = f"{digest(PLAIN['a.dat'])}  a.dat\r\n1.23457E+31  b.dat\r\n"
    return Case(genisoimage(folder, PLAIN), written(folder, "list.txt", lines))
