"""Tabs instead of spaces: other tools found no hashes and passed (traps 78, 86)."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, digest, genisoimage, written


def build(folder: Path) -> Case:
    lines = "".join(f"{digest(raw)}\t{path}\n" for path, raw in CONTENT.items())
    return Case(genisoimage(folder, CONTENT), written(folder, "list.txt", lines))
