"""A file in CD-ROM XA Form 2 sectors, which hold 2324 bytes: blocks of 2048 are not its content."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import PLAIN, Case, genisoimage, listed, patch


def build(folder: Path) -> Case:
    image = genisoimage(folder, PLAIN, "-XA", "-J", "-R")
    at = image.read_bytes().index(b"XA", image.read_bytes().index(b"B.DAT;1"))
    patch(image, at - 2, b"\x11")
    return Case(image, listed(folder, PLAIN))
