"""An image of no bytes: nothing to look at."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, listed, written


def build(folder: Path) -> Case:
    return Case(written(folder, "disc.iso", b""), listed(folder, CONTENT))
