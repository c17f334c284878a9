"""A list by sha256sum."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, coreutils, genisoimage


def build(folder: Path) -> Case:
    return Case(genisoimage(folder, CONTENT), coreutils(folder, CONTENT, "sha256sum", name="sha256sum.txt"))
