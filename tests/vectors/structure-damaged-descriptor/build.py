"""The supplementary descriptor is zeros: its tree is lost to sight."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import BLOCK, Case, patch, usual


def build(folder: Path) -> Case:
    case = usual(folder)
    patch(case.source, 17 * BLOCK, bytes(BLOCK))
    return case
