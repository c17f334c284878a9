"""A disc that announces UDF and has no volume that can be found: nothing is said to be missing (traps 1, 15)."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import BLOCK, PLAIN, Case, listed, written


def build(folder: Path) -> Case:
    marks = b"".join((b"\0" + mark + b"\1").ljust(BLOCK, b"\0") for mark in (b"BEA01", b"NSR02", b"TEA01"))
    image = written(folder, "disc.udf", bytes(16 * BLOCK) + marks + bytes(300 * BLOCK))
    return Case(image, listed(folder, PLAIN))
