"""A volume without a single file, and a list: nothing was checked, so nothing passes (traps 21, 22)."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, listed, master


def build(folder: Path) -> Case:
    (folder / "content").mkdir()
    return Case(master(folder, folder / "content", "-J", "-R"), listed(folder, CONTENT))
