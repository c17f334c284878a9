"""The two byte orders of the path table's size differ (ECMA-119 8.4.10)."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import BLOCK, Case, patch, usual


def build(folder: Path) -> Case:
    case = usual(folder)
    patch(case.source, 16 * BLOCK + 136, (9999).to_bytes(4, "big"))
    return case
