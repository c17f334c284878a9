"""The same, with a file that lies in an earlier session, which the image does not hold."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import PLAIN, Case, genisoimage, listed, records, set_extent


def build(folder: Path) -> Case:
    image = genisoimage(folder, PLAIN, "-iso-level", "1", "-C", "0,45000")
    set_extent(image, records(image, "b.dat")[0], 1000)
    return Case(image, listed(folder, PLAIN))
