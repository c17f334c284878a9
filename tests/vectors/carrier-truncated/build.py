"""The image ends in the padding: every file is equal, and yet the carrier is not whole."""
from __future__ import annotations

import os
from pathlib import Path

from tests.vectors_kit import BLOCK, Case, usual, volume_blocks


def build(folder: Path) -> Case:
    case = usual(folder)
    os.truncate(case.source, (volume_blocks(case.source) - 10) * BLOCK)
    return case
