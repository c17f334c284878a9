"""Joliet shows the listed contents; the plain tree shows two of them each under the other's name."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import BLOCK, Case, block_of, genisoimage, listed, records, set_extent

FILES = {"案卷/0001.txt": b"1" * BLOCK, "案卷/0002.txt": b"2" * BLOCK}


def build(folder: Path) -> Case:
    image = genisoimage(folder, FILES, "-J", "-l")
    for name, other in (("0001.txt", b"2" * BLOCK), ("0002.txt", b"1" * BLOCK)):
        set_extent(image, records(image, name)[0], block_of(image, other))
    return Case(image, listed(folder, FILES))
