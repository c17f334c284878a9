"""The content of a listed file lies under another name (trap 83): equal, and said."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, usual


def build(folder: Path) -> Case:
    moved = {("案卷/0009.bin" if path == "案卷/0002.bin" else path): raw for path, raw in CONTENT.items()}
    return usual(folder, moved, CONTENT)
