"""The Joliet descriptor leads nowhere; the primary tree is sound, and all files are read by it."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import BLOCK, Case, patch, usual


def build(folder: Path) -> Case:
    case = usual(folder)
    patch(case.source, 17 * BLOCK + 158, b"\xff" * 8)
    return case
