"""A folder holds a symbolic link to somewhere else."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, listed, plant


def build(folder: Path) -> Case:
    root = plant(folder, CONTENT)
    (root / "外部.txt").symlink_to("/mnt/外部.txt")
    return Case(root, listed(folder, CONTENT))
