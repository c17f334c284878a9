"""ISO 9660:1999 (level 4): long names in an enhanced volume descriptor."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import Case, genisoimage, listed


def build(folder: Path) -> Case:
    content = {"A longer name than 8.3 allows.Document": b"x" * 10, "b.dat": b"y" * 5000}
    return Case(genisoimage(folder, content, "-iso-level", "4"), listed(folder, content))
