"""A record with the associated-file flag: a resource fork, no file of its own."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import PLAIN, Case, genisoimage, listed, patch, records


def build(folder: Path) -> Case:
    image = genisoimage(folder, PLAIN, "-iso-level", "1")
    patch(image, records(image, "b.dat")[0] + 25, b"\x04")
    return Case(image, listed(folder, {"a.dat": PLAIN["a.dat"]}))
