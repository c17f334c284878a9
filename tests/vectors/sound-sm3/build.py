"""A list of SM3 digests, told from SHA-256 by its name."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, genisoimage, listed


def build(folder: Path) -> Case:
    return Case(genisoimage(folder, CONTENT), listed(folder, CONTENT, "sm3", "list.sm3"))
