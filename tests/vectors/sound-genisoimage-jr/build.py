"""The everyday disc: Joliet and Rock Ridge by genisoimage, an MD5 list."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import Case, usual


def build(folder: Path) -> Case:
    return usual(folder)
