"""The MD5 agrees, the SHA-256 of the same file does not: one of two is not enough."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import PLAIN, Case, digest, genisoimage, written


def build(folder: Path) -> Case:
    lines = f"MD5 (a.dat) = {digest(PLAIN['a.dat'])}\nSHA256 (a.dat) = {digest(b'other', 'sha256')}\n"
    lines += f"MD5 (b.dat) = {digest(PLAIN['b.dat'])}\n"
    return Case(genisoimage(folder, PLAIN), written(folder, "list.txt", lines))
