"""A directory stands in the path table, but its record was wiped: files hidden from sight."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import PLAIN, Case, genisoimage, listed, patch, records


def build(folder: Path) -> Case:
    content = {**PLAIN, "sub/hidden.dat": b"h" * 3000}
    image = genisoimage(folder, content, "-iso-level", "1")
    at = records(image, "sub")[0]
    length = image.read_bytes()[at]
    patch(image, at, bytes(length))
    return Case(image, listed(folder, PLAIN))
