"""Two listed names of equal content, one of them gone: one file answers one line (domain 10.3)."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import PLAIN, Case, usual


def build(folder: Path) -> Case:
    twins = dict.fromkeys(("a.dat", "b.dat"), PLAIN["a.dat"])
    return usual(folder, {"a.dat": PLAIN["a.dat"]}, twins)
