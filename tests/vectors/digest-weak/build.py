"""A list of CRC32 values proves nothing against intent."""
from __future__ import annotations

import zlib
from pathlib import Path

from tests.vectors_kit import CONTENT, Case, genisoimage, written


def build(folder: Path) -> Case:
    lines = "".join(f"{path} {zlib.crc32(raw):08X}\r\n" for path, raw in CONTENT.items())
    return Case(genisoimage(folder, CONTENT), written(folder, "list.sfv", lines))
