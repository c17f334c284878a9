"""The list has a line for itself, made while it was empty."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, listed, master, plant


def build(folder: Path) -> Case:
    root = plant(folder, {**CONTENT, "md5sum.txt": b""})
    text = listed(folder, {**CONTENT, "md5sum.txt": b""}, name="md5sum.txt").read_bytes()
    (root / "md5sum.txt").write_bytes(text)
    return Case(master(folder, root, "-J", "-R"), folder / "md5sum.txt")
