"""The list was made inside one folder of the disc: a directory is prepended."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, usual


def build(folder: Path) -> Case:
    return usual(folder, {f"J010/{path}": raw for path, raw in CONTENT.items()}, CONTENT)
