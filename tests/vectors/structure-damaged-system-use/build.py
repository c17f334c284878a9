"""One half of the address of a continuation area is damaged: noted, the sound half used."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import Case, genisoimage, listed, patch


def build(folder: Path) -> Case:
    content = {"档" * 80: b"long", "b.dat": b"b" * 3000}
    image = genisoimage(folder, content, "-R")
    patch(image, image.read_bytes().rindex(b"CE\x1c\x01") + 4, b"\xf0\xf0")
    return Case(image, listed(folder, content))
