"""The list was made on the unit's disk, with its drive and folder before every path."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, usual


def build(folder: Path) -> Case:
    return usual(folder, CONTENT, {"E:\\备份\\2026\\" + path.replace("/", "\\"): raw for path, raw in CONTENT.items()})
