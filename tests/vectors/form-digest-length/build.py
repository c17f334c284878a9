"""A digest that lost one digit."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, genisoimage, listed, written


def build(folder: Path) -> Case:
    text = listed(folder, CONTENT).read_text("utf-8")
    return Case(genisoimage(folder, CONTENT), written(folder, "list.txt", text[1:]))
