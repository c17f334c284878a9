"""A directory of the only tree is zeros: its listed files are lost."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import BLOCK, PLAIN, Case, directory_block, genisoimage, listed, patch


def build(folder: Path) -> Case:
    image = genisoimage(folder, {"top.dat": b"t" * 100, **{f"sub/{path}": raw for path, raw in PLAIN.items()}}, "-R")
    patch(image, directory_block(image, "sub") * BLOCK, bytes(BLOCK))
    return Case(image, listed(folder, {"top.dat": b"t" * 100, **{f"sub/{path}": raw for path, raw in PLAIN.items()}}))
