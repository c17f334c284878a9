"""A record says that another extent follows, and none does."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import PLAIN, Case, genisoimage, listed, patch, records


def build(folder: Path) -> Case:
    image = genisoimage(folder, PLAIN, "-iso-level", "1")
    patch(image, records(image, "a.dat")[0] + 25, b"\x80")
    return Case(image, listed(folder, PLAIN))
