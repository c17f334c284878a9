"""A directory whose record leads back to the root."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import BLOCK, PLAIN, Case, genisoimage, listed, records, set_extent


def build(folder: Path) -> Case:
    image = genisoimage(folder, {**PLAIN, "sub/c.dat": b"c" * 10}, "-iso-level", "1")
    root = int.from_bytes(image.read_bytes()[16 * BLOCK + 158:16 * BLOCK + 162], "little")
    set_extent(image, records(image, "sub")[0], root)
    return Case(image, listed(folder, PLAIN))
