"""CD-ROM XA attributes before Rock Ridge in every record."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, genisoimage, listed


def build(folder: Path) -> Case:
    return Case(genisoimage(folder, CONTENT, "-XA", "-R"), listed(folder, CONTENT))
