"""Ninety files that each show nearly the whole image: one pass would have to hash the carrier ninety times over."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import BLOCK, PLAIN, Case, genisoimage, listed, records, set_extent, volume_blocks


def build(folder: Path) -> Case:
    many = {f"m{number:02}.dat": b"x" for number in range(90)}
    image = genisoimage(folder, {**PLAIN, **many}, "-l")
    for name in many:
        set_extent(image, records(image, name)[0], 16, (volume_blocks(image) - 16) * BLOCK)
    return Case(image, listed(folder, PLAIN))
