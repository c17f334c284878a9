"""ISO 9660:1999 without Rock Ridge: the long names stand in the second tree only."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import Case, listed, xorriso


def build(folder: Path) -> Case:
    content = {"A longer name than 8.3 allows.datafile": b"x" * 10, "Another folder/b.dat": b"y" * 5000}
    return Case(xorriso(folder, content, "-iso-level", "4", "--norock"), listed(folder, content))
