"""A file is recorded far beyond the carrier."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import PLAIN, Case, genisoimage, listed, records, set_extent


def build(folder: Path) -> Case:
    image = genisoimage(folder, PLAIN)
    for record in records(image, "b.dat"):
        set_extent(image, record, 1_000_000)
    return Case(image, listed(folder, PLAIN))
