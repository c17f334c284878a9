"""An unlisted archive called like a list is still unlisted: only a list or a form is excused."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, usual


def build(folder: Path) -> Case:
    return usual(folder, {**CONTENT, "checksums.rar": b"Rar!" * 50}, CONTENT)
