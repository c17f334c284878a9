"""No list at all (P5): the digests are kept and nothing is claimed."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, genisoimage


def build(folder: Path) -> Case:
    return Case(genisoimage(folder, CONTENT))
