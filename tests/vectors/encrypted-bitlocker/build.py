"""A BitLocker volume without a digest of the whole carrier: rejected, its content cannot be checked (R13)."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import BLOCK, PLAIN, Case, listed, written


def build(folder: Path) -> Case:
    image = written(folder, "disk.img", b"\xeb\x58\x90-FVE-FS-" + bytes(300 * BLOCK))
    return Case(image, listed(folder, PLAIN))
