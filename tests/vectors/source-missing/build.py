"""There is no such source."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, listed


def build(folder: Path) -> Case:
    return Case(folder / "none.iso", listed(folder, CONTENT))
