"""Listed litter that is missing is a doubt, not a reject (domain 10.5)."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, usual


def build(folder: Path) -> Case:
    return usual(folder, CONTENT, {**CONTENT, "案卷/Thumbs.db": b"t"})
