"""A name with a line feed, listed by md5sum with its escapes (trap 84)."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import PLAIN, Case, coreutils, genisoimage


def build(folder: Path) -> Case:
    content = {**PLAIN, "two\nlines.dat": b"n" * 100}
    return Case(genisoimage(folder, content, "-R"), coreutils(folder, content, "md5sum"))
