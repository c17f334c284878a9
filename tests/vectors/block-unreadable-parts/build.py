"""A block of one part cannot be read: there is no digest over the parts, whatever the others are."""
from __future__ import annotations

from pathlib import Path

from tests.faults import FaultySource
from tests.vectors_kit import BLOCK, SCOPED, Case, block_of, digest, genisoimage, scoped, workbook


def build(folder: Path) -> Case:
    content = {f"p.7z.{n:03d}": digest(b"%d" % n).encode() * 90 for n in range(1, 4)}      # 8 640 bytes
    whole = b"".join(content.values())
    image = genisoimage(folder, content)
    bad = block_of(image, content["p.7z.002"])
    form = workbook(folder, [scoped("p.7z", "多文件", whole)], header=SCOPED)
    return Case(image, form, pread=FaultySource(bad=[bad], block_bytes=BLOCK))
