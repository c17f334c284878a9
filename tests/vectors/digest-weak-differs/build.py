"""A list of CRC32 only, and one of them differs: it is computed, and a difference is a reject."""
from __future__ import annotations

import zlib
from pathlib import Path

from tests.vectors_kit import CONTENT, Case, genisoimage, written


def build(folder: Path) -> Case:
    lines = (f"{path} {zlib.crc32(raw):08X}\n" for path, raw in {**CONTENT, "说明.txt": b"other"}.items())
    return Case(genisoimage(folder, CONTENT), written(folder, "list.sfv", "".join(lines)))
