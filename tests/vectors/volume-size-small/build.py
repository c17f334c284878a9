"""Every descriptor claims a volume that ends before its files do."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import BLOCK, Case, patch, usual


def build(folder: Path) -> Case:
    case = usual(folder)
    for lba in (16, 17):
        patch(case.source, lba * BLOCK + 80, (25).to_bytes(4, "little") + (25).to_bytes(4, "big"))
    return case
