"""A listed path climbs out of the carrier."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, usual


def build(folder: Path) -> Case:
    return usual(folder, CONTENT, {**CONTENT, "../秘密.txt": b"x"})
