"""Bytes that the standard leaves to applications are not ours to judge (trap 9)."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import BLOCK, Case, patch, usual


def build(folder: Path) -> Case:
    case = usual(folder)
    patch(case.source, 16 * BLOCK + 883, b"\xa5" * 512)
    patch(case.source, 0, b"\x5a" * 16 * BLOCK)
    return case
