"""A Rock Ridge sparse file: the blocks hold a table, not the content."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import PLAIN, Case, genisoimage, listed, patch


def build(folder: Path) -> Case:
    image = genisoimage(folder, PLAIN, "-R")
    at = image.read_bytes().index(b"NM\x0a\x01\0b.dat")
    stamps = image.read_bytes().index(b"TF\x1a\x01", at)            # its place is taken by SF, 21 bytes of RRIP 1.12
    patch(image, stamps, b"SF\x1a\x01" + bytes(8) + (5000).to_bytes(4, "little") + (5000).to_bytes(4, "big") + b"\x01")
    return Case(image, listed(folder, PLAIN))
