"""A .pdf that is no PDF: noted in a backup."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import PLAIN, Case, usual


def build(folder: Path) -> Case:
    return usual(folder, {**PLAIN, "报告.pdf": b"not a pdf at all " * 10})
