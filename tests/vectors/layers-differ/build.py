"""A listed file is hidden from the Joliet tree."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import PLAIN, Case, genisoimage, listed


def build(folder: Path) -> Case:
    return Case(genisoimage(folder, PLAIN, "-J", "-R", "-hide-joliet", "b.dat"), listed(folder, PLAIN))
