"""A carrier of zeros (traps 21, 22)."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import BLOCK, CONTENT, Case, listed, written


def build(folder: Path) -> Case:
    return Case(written(folder, "disc.iso", bytes(300 * BLOCK)), listed(folder, CONTENT))
