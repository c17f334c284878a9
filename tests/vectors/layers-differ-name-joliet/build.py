"""One letter of a name was altered in the Joliet tree: Windows shows another name than the list."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import PLAIN, Case, genisoimage, listed, patch, records


def build(folder: Path) -> Case:
    image = genisoimage(folder, PLAIN)
    patch(image, records(image, "b.dat")[-1] + 33, "z".encode("utf-16-be"))
    return Case(image, listed(folder, PLAIN))
