"""The image ends in the middle of its last file."""
from __future__ import annotations

import os
from pathlib import Path

from tests.vectors_kit import BLOCK, PLAIN, Case, block_of, usual


def build(folder: Path) -> Case:
    case = usual(folder, PLAIN)
    os.truncate(case.source, (block_of(case.source, PLAIN["b.dat"]) + 1) * BLOCK)
    return case
