"""A listed file of no bytes."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import PLAIN, Case, usual


def build(folder: Path) -> Case:
    return usual(folder, {**PLAIN, "空.txt": b""})
