"""A CD audio track shown as a file by CD-ROM XA attributes: what 2048-byte blocks give is not it."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import PLAIN, Case, genisoimage, listed, patch


def build(folder: Path) -> Case:
    image = genisoimage(folder, PLAIN, "-XA", "-J", "-R")
    at = image.read_bytes().index(b"XA", image.read_bytes().index(b"B.DAT;1"))
    patch(image, at - 2, b"\x41")
    return Case(image, listed(folder, PLAIN))
