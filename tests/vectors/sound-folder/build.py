"""A folder delivered on line."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, listed, plant


def build(folder: Path) -> Case:
    return Case(plant(folder, CONTENT), listed(folder, CONTENT))
