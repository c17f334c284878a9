"""A file that no line names."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, usual


def build(folder: Path) -> Case:
    return usual(folder, {**CONTENT, "多余.txt": b"extra"}, CONTENT)
