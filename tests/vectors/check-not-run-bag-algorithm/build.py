"""A manifest of an algorithm that we do not compute: said, beside the one that was compared."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, bag, plant


def build(folder: Path) -> Case:
    files = bag(CONTENT, "md5", "sha3_256", tags=["md5"])
    return Case(plant(folder, files), plant(folder, files, "bag"))
