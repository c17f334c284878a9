"""The primary volume descriptor is zeros; Joliet is sound, and all files are read by it."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import BLOCK, Case, patch, usual


def build(folder: Path) -> Case:
    case = usual(folder)
    patch(case.source, 16 * BLOCK, bytes(BLOCK))
    return case
