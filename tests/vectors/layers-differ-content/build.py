"""One name stands for two contents: the list fits what Joliet shows."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import PLAIN, Case, block_of, genisoimage, listed, records, set_extent


def build(folder: Path) -> Case:
    image = genisoimage(folder, {**PLAIN, "c.dat": b"c" * 5000})
    for record in records(image, "b.dat")[:1]:
        set_extent(image, record, block_of(image, b"c" * 5000))
    return Case(image, listed(folder, {**PLAIN, "c.dat": b"c" * 5000}))
