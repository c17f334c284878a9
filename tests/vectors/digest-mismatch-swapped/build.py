"""Two files changed places: both differ, and the facts say where the content lies."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import PLAIN, Case, usual


def build(folder: Path) -> Case:
    swapped = {**PLAIN, "a.dat": PLAIN["b.dat"], "b.dat": PLAIN["a.dat"]}
    return usual(folder, swapped, PLAIN)
