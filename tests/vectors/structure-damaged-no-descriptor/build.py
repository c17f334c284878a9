"""The only volume descriptor is zeros: nothing can be read, and nothing is said to be missing."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import BLOCK, PLAIN, Case, genisoimage, listed, patch


def build(folder: Path) -> Case:
    image = genisoimage(folder, PLAIN, "-R")
    patch(image, 16 * BLOCK, bytes(BLOCK))
    return Case(image, listed(folder, PLAIN))
