"""Two files share one block only; the list was made of the disc as it is."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import BLOCK, PLAIN, Case, block_of, genisoimage, listed, records, set_extent


def build(folder: Path) -> Case:
    image = genisoimage(folder, PLAIN)
    lba = block_of(image, PLAIN["a.dat"]) + 1
    for record in records(image, "b.dat"):
        set_extent(image, record, lba)
    return Case(image, listed(folder, {**PLAIN, "b.dat": image.read_bytes()[lba * BLOCK:lba * BLOCK + 5000]}))
