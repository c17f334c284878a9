"""A record with an extended attribute record before its content (ECMA-119 9.1.2)."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import PLAIN, Case, block_of, genisoimage, listed, patch, records, set_extent


def build(folder: Path) -> Case:
    image = genisoimage(folder, PLAIN, "-iso-level", "1")
    at = records(image, "b.dat")[0]
    patch(image, at + 1, b"\1")
    set_extent(image, at, block_of(image, PLAIN["b.dat"]) - 1)
    return Case(image, listed(folder, PLAIN))
