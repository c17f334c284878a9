"""Joliet of level 2: the escape sequence is another, the names are the same."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, genisoimage, listed


def build(folder: Path) -> Case:
    image = genisoimage(folder, CONTENT, "-J", "-ucs-level", "2")
    assert b"%/C" in image.read_bytes()
    return Case(image, listed(folder, CONTENT))
