"""One file under two ways of writing its path, with two digests: which is right, the unit must say."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, usual


def build(folder: Path) -> Case:
    return usual(folder, CONTENT, {**CONTENT, ".\\案卷\\0001.txt": b"other"})
