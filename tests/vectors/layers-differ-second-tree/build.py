"""An enhanced volume descriptor whose root is another directory: a second tree that shows less than the first."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import BLOCK, PLAIN, Case, directory_block, genisoimage, listed, patch


def build(folder: Path) -> Case:
    content = {**PLAIN, "SUB/c.dat": b"c"}
    image = genisoimage(folder, content, "-iso-level", "4", "-input-charset", "iso8859-1")
    block = directory_block(image, "SUB")
    raw = image.read_bytes()
    assert raw[17 * BLOCK] == raw[17 * BLOCK + 6] == 2          # enhanced, ISO 9660:1999 §8.5
    patch(image, 17 * BLOCK + 158, block.to_bytes(4, "little") + block.to_bytes(4, "big"))
    return Case(image, listed(folder, content))
