"""A disc holds a pipe instead of a listed file."""
from __future__ import annotations

import os
from pathlib import Path

from tests.vectors_kit import PLAIN, Case, listed, master, plant


def build(folder: Path) -> Case:
    root = plant(folder, PLAIN)
    os.mkfifo(root / "c.dat")
    return Case(master(folder, root, "-R"), listed(folder, {**PLAIN, "c.dat": b""}))
