"""No listed file is there, another one is: missing and unlisted, never "moved" (trap 85)."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import Case, usual


def build(folder: Path) -> Case:
    return usual(folder, {"x.dat": b"x" * 50}, {"y.dat": b"y" * 50})
