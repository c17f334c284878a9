"""A directory of the Joliet tree is zeros; Rock Ridge still shows its files."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import BLOCK, PLAIN, Case, directory_block, patch, usual


def build(folder: Path) -> Case:
    case = usual(folder, {"top.dat": b"t" * 100, **{f"sub/{path}": raw for path, raw in PLAIN.items()}})
    patch(case.source, directory_block(case.source, "sub", tree=1) * BLOCK, bytes(BLOCK))
    return case
