"""The list on the carrier cannot be read: never fewer lines without a word."""
from __future__ import annotations

from pathlib import Path

from tests.faults import FaultySource
from tests.vectors_kit import BLOCK, PLAIN, SCOPED, Case, block_of, genisoimage, manifest, scoped, workbook


def build(folder: Path) -> Case:
    image = genisoimage(folder, {**PLAIN, "md5sum.txt": manifest(PLAIN)})
    form = workbook(folder, [scoped("md5sum.txt", "清单文件", manifest(PLAIN))], header=SCOPED)
    return Case(image, form, pread=FaultySource(bad=[block_of(image, manifest(PLAIN))], block_bytes=BLOCK))
