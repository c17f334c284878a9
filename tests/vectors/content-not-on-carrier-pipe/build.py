"""A disc holds a named pipe, as Rock Ridge records it."""
from __future__ import annotations

import os
from pathlib import Path

from tests.vectors_kit import PLAIN, Case, listed, master, plant


def build(folder: Path) -> Case:
    root = plant(folder, PLAIN)
    os.mkfifo(root / "pipe")
    return Case(master(folder, root, "-R"), listed(folder, PLAIN))
