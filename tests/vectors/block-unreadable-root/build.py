"""The only root directory cannot be read: nothing was checked, so nothing passes."""
from __future__ import annotations

from pathlib import Path

from tests.faults import FaultySource
from tests.vectors_kit import BLOCK, PLAIN, Case, genisoimage, listed


def build(folder: Path) -> Case:
    image = genisoimage(folder, PLAIN, "-R")
    root = int.from_bytes(image.read_bytes()[16 * BLOCK + 158:16 * BLOCK + 162], "little")
    return Case(image, listed(folder, PLAIN), pread=FaultySource(bad={root}))
