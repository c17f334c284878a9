"""A file of two extents, forged small: two records of one name, the first with the multi-extent flag."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import PLAIN, Case, genisoimage, listed, patch, records


def build(folder: Path) -> Case:
    image = genisoimage(folder, PLAIN, "-iso-level", "1")
    first, second = records(image, "a.dat")[0], records(image, "b.dat")[0]
    patch(image, first + 25, b"\x80")
    patch(image, second + 33, b"A.DAT")
    return Case(image, listed(folder, {"a.dat": PLAIN["a.dat"] + PLAIN["b.dat"]}))
