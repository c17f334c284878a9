"""The best root offset leaves one line unbound: compared with it, and a person is asked."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, usual


def build(folder: Path) -> Case:
    shifted = {f"备份/{path}": raw for path, raw in {**CONTENT, "案卷/0003.txt": b"gone"}.items()}
    return usual(folder, CONTENT, shifted)
