"""Every big-endian half of the primary descriptor and of a record is damaged; the other halves are used."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import BLOCK, PLAIN, Case, genisoimage, listed, patch, records


def build(folder: Path) -> Case:
    image = genisoimage(folder, PLAIN, "-iso-level", "1")
    for at, length in ((84, 4), (122, 2), (126, 2), (130, 2), (136, 4), (162, 4), (170, 4)):
        patch(image, 16 * BLOCK + at, b"\xee" * length)
    patch(image, records(image, "b.dat")[0] + 6, b"\xee" * 4)
    return Case(image, listed(folder, PLAIN))
