"""The ISO 9660:1999 tree of libisofs has a file that no other tree has: nobody has read it."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import PLAIN, Case, block_of, listed, patch, xorriso


def build(folder: Path) -> Case:
    image = xorriso(folder, PLAIN, "-iso-level", "4")
    raw = image.read_bytes()
    record = raw.rindex(b"\x05a.dat") - 32                       # the last tree recorded
    block = block_of(image, PLAIN["b.dat"]) + 1
    assert raw[record + 2:record + 6] == raw[record + 6:record + 10][::-1]
    patch(image, record + 2, block.to_bytes(4, "little") + block.to_bytes(4, "big"))
    return Case(image, listed(folder, PLAIN))
