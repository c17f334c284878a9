"""An HFS+ tree beside the volume, by libisofs."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import PLAIN, Case, listed, xorriso


def build(folder: Path) -> Case:
    return Case(xorriso(folder, PLAIN, "-J", "-R", "-hfsplus"), listed(folder, PLAIN))
