"""Two listed files of equal content (trap 80)."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import PLAIN, Case, usual


def build(folder: Path) -> Case:
    return usual(folder, dict.fromkeys(("a.dat", "b.dat"), PLAIN["a.dat"]))
