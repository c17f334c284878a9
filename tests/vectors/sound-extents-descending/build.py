"""A file of two extents, the second lying before the first: read in the order of its content."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import PLAIN, Case, block_of, genisoimage, listed, patch, records, set_extent


def build(folder: Path) -> Case:
    image = genisoimage(folder, PLAIN, "-iso-level", "1")
    first, second = records(image, "a.dat")[0], records(image, "b.dat")[0]
    set_extent(image, first, block_of(image, PLAIN["b.dat"]), 4096)
    set_extent(image, second, block_of(image, PLAIN["a.dat"]), 4096)
    patch(image, first + 25, b"\x80")
    patch(image, second + 33, b"A.DAT")
    return Case(image, listed(folder, {"a.dat": PLAIN["b.dat"][:4096] + PLAIN["a.dat"]}))
