"""What systems leave behind is noted and does no harm."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, usual


def build(folder: Path) -> Case:
    return usual(folder, {**CONTENT, "案卷/Thumbs.db": b"t" * 100, "$RECYCLE.BIN/x.tmp": b"r"}, CONTENT)
