"""A file of a folder cannot be read in one place."""
from __future__ import annotations

from pathlib import Path

from tests.faults import FaultySource
from tests.vectors_kit import CONTENT, Case, listed, plant


def build(folder: Path) -> Case:
    root = plant(folder, CONTENT)
    return Case(root, listed(folder, CONTENT), pread=FaultySource(bad={2}, block_bytes=4096))
