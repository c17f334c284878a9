"""An interleaved file whose units cannot lie where the numbers say."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import PLAIN, Case, genisoimage, listed, patch, records


def build(folder: Path) -> Case:
    image = genisoimage(folder, PLAIN, "-iso-level", "1")
    patch(image, records(image, "b.dat")[0] + 26, b"\x01\xff")
    return Case(image, listed(folder, PLAIN))
