"""A listed file is only a symbolic link on the disc."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import PLAIN, Case, listed, master, plant


def build(folder: Path) -> Case:
    root = plant(folder, PLAIN)
    (root / "c.dat").symlink_to("/mnt/c.dat")
    return Case(master(folder, root, "-R"), listed(folder, {**PLAIN, "c.dat": b"content elsewhere"}))
