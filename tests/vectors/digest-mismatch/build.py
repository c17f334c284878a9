"""One byte of one file was altered after the list was made."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import BLOCK, CONTENT, Case, block_of, patch, usual


def build(folder: Path) -> Case:
    case = usual(folder)
    at = block_of(case.source, CONTENT["案卷/0002.bin"]) * BLOCK + 5000
    patch(case.source, at, bytes([case.source.read_bytes()[at] ^ 1]))
    return case
