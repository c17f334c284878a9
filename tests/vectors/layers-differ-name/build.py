"""Rock Ridge calls a file by another name than Joliet and the list do."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import PLAIN, Case, genisoimage, listed, patch


def build(folder: Path) -> Case:
    image = genisoimage(folder, PLAIN)
    at = image.read_bytes().index(b"NM\x0a\1\0b.dat")         # RRIP 4.1.4: length 10, version, flags, name
    patch(image, at + 5, b"x.dat")
    return Case(image, listed(folder, PLAIN))
