"""The root record of the only descriptor is zeros; the path table still says where the root lies."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import BLOCK, PLAIN, Case, genisoimage, listed, patch


def build(folder: Path) -> Case:
    image = genisoimage(folder, {**PLAIN, "sub/c.dat": b"c"}, "-R")
    patch(image, 16 * BLOCK + 156, bytes(34))
    return Case(image, listed(folder, {**PLAIN, "sub/c.dat": b"c"}))
