"""Every descriptor claims a volume of no blocks: then nothing shows whether it is whole (trap 21)."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import BLOCK, Case, patch, usual


def build(folder: Path) -> Case:
    case = usual(folder)
    for lba in (16, 17):
        patch(case.source, lba * BLOCK + 80, bytes(8))
    return case
