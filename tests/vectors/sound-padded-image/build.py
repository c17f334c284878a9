"""Zeros after the end of the volume, as image tools and burners leave them, and a last block that is cut."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import BLOCK, Case, usual


def build(folder: Path) -> Case:
    case = usual(folder)
    with case.source.open("ab") as file:
        file.write(bytes(500 * BLOCK + 700))
    return case
