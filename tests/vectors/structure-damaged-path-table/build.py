"""One path table is zeros: some readers will see no directories."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import BLOCK, Case, patch, usual


def build(folder: Path) -> Case:
    case = usual(folder)
    table = int.from_bytes(case.source.read_bytes()[16 * BLOCK + 140:16 * BLOCK + 144], "little")
    patch(case.source, table * BLOCK, bytes(BLOCK))
    return case
