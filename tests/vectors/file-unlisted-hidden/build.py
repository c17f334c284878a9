"""A file with the hidden flag is a file: unlisted."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import PLAIN, Case, genisoimage, listed


def build(folder: Path) -> Case:
    return Case(genisoimage(folder, {**PLAIN, "c.dat": b"h"}, "-J", "-R", "-hidden", "c.dat"), listed(folder, PLAIN))
