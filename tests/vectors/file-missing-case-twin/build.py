"""Two listed names that differ in case only, one file: the second line has no answer."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import PLAIN, Case, usual


def build(folder: Path) -> Case:
    return usual(folder, {"a.dat": PLAIN["a.dat"]}, dict.fromkeys(("a.dat", "A.DAT"), PLAIN["a.dat"]))
