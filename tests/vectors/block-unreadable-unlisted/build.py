"""One block of a file that no line names cannot be read."""
from __future__ import annotations

from pathlib import Path

from tests.faults import FaultySource
from tests.vectors_kit import PLAIN, Case, block_of, genisoimage, listed


def build(folder: Path) -> Case:
    image = genisoimage(folder, PLAIN)
    bad = block_of(image, PLAIN["b.dat"])
    return Case(image, listed(folder, {"a.dat": PLAIN["a.dat"]}), pread=FaultySource(bad={bad}))
