"""Joliet beside plain ISO 9660 names."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, genisoimage, listed


def build(folder: Path) -> Case:
    return Case(genisoimage(folder, CONTENT, "-J"), listed(folder, CONTENT))
