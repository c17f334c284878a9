"""A file of 1000 bytes that is no image: not recognised, but not blank either."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import PLAIN, Case, listed, written


def build(folder: Path) -> Case:
    return Case(written(folder, "disc.iso", b"x" * 1000), listed(folder, PLAIN))
