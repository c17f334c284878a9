"""Directories lost their characters too: the lines are bound by digest all the same, one to one."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, usual


def build(folder: Path) -> Case:
    lost = {"".join(c if c.isascii() else "?" for c in path): raw for path, raw in CONTENT.items()}
    return usual(folder, CONTENT, lost)
