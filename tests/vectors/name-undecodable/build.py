"""A name in no encoding at all: shown, kept, and noted."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import PLAIN, Case, genisoimage, listed


def build(folder: Path) -> Case:
    names = {**PLAIN, "x\udcff.dat": b"odd" * 10}
    image = genisoimage(folder, names, "-R", "-input-charset", "iso8859-1", "-output-charset", "iso8859-1")
    return Case(image, listed(folder, PLAIN))
