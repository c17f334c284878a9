"""A file that only the Joliet tree shows (trap 26)."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import PLAIN, Case, genisoimage, listed


def build(folder: Path) -> Case:
    return Case(genisoimage(folder, PLAIN, "-J", "-R", "-hide", "b.dat"), listed(folder, PLAIN))
