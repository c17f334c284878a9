"""Nothing but ISO 9660 level 1: the unit lists `readme.txt`, the disc has `README.TXT;1`."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import Case, genisoimage, listed


def build(folder: Path) -> Case:
    content = {"readme.txt": b"x" * 10, "data/file1.dat": b"y" * 5000}
    return Case(genisoimage(folder, content, "-iso-level", "1"), listed(folder, content))
