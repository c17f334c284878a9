"""A dump of whole CD sectors: sync, header, 2048 bytes, EDC and ECC; not blocks of 2048."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import BLOCK, PLAIN, Case, genisoimage, listed


def build(folder: Path) -> Case:
    image = genisoimage(folder, PLAIN)
    raw = image.read_bytes()
    sync = b"\0" + b"\xff" * 10 + b"\0"
    image.write_bytes(b"".join(sync + n.to_bytes(3) + b"\1" + raw[n * BLOCK:(n + 1) * BLOCK] + bytes(288)
                               for n in range(len(raw) // BLOCK)))
    return Case(image, listed(folder, PLAIN))
