"""A symbolic link that no line names."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import PLAIN, Case, listed, master, plant


def build(folder: Path) -> Case:
    root = plant(folder, PLAIN)
    (root / "link").symlink_to("a.dat")
    return Case(master(folder, root, "-R"), listed(folder, PLAIN))
