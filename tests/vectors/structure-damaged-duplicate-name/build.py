"""Two records of one name in one directory: which one readers see is anybody's guess."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import PLAIN, Case, genisoimage, listed, patch, records


def build(folder: Path) -> Case:
    image = genisoimage(folder, PLAIN, "-iso-level", "1")
    patch(image, records(image, "b.dat")[0] + 33, b"A.DAT")
    return Case(image, listed(folder, {"a.dat": PLAIN["a.dat"]}))
