"""Joliet and Rock Ridge by xorriso."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, listed, xorriso


def build(folder: Path) -> Case:
    return Case(xorriso(folder, CONTENT), listed(folder, CONTENT))
