"""A file in units of one block with gaps of two, and another file in the gaps."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import BLOCK, Case, block_of, genisoimage, listed, patch, records


def build(folder: Path) -> Case:
    stored = {"A.DAT": bytes(range(256)) * 48, "B.DAT": b"b" * 100}
    image = genisoimage(folder, stored, "-iso-level", "1")
    first, at, raw = block_of(image, stored["A.DAT"]), records(image, "A.DAT")[0], stored["A.DAT"]
    taken = raw[:BLOCK] + raw[3 * BLOCK:3 * BLOCK + 1000]
    patch(image, at + 26, b"\x01\x02")                          # file unit size, interleave gap
    patch(image, at + 10, (3048).to_bytes(4, "little") + (3048).to_bytes(4, "big"))
    other = records(image, "B.DAT")[0]
    patch(image, other + 2, (first + 1).to_bytes(4, "little") + (first + 1).to_bytes(4, "big"))
    return Case(image, listed(folder, {"A.DAT": taken, "B.DAT": raw[BLOCK:BLOCK + 100]}))
