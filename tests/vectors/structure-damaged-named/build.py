"""A folder below a folder is left in the path table only: it is lost by name, its listed files are not checked."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import PLAIN, Case, genisoimage, listed, patch, records


def build(folder: Path) -> Case:
    content = {**PLAIN, "top/c.dat": b"c", "top/sub/hidden.dat": b"h" * 3000}
    image = genisoimage(folder, content, "-iso-level", "1")
    at = records(image, "sub")[0]
    patch(image, at, bytes(image.read_bytes()[at]))
    return Case(image, listed(folder, content))
