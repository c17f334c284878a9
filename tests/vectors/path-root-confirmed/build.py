"""A person has said with --root 1: which folder stands for the disc."""
from __future__ import annotations

from pathlib import Path

from checks.bind import Choice
from tests.vectors_kit import CONTENT, Case, genisoimage, listed


def build(folder: Path) -> Case:
    shifted = {f"备份/{path}": raw for path, raw in CONTENT.items()}
    return Case(genisoimage(folder, CONTENT), listed(folder, shifted), Choice(root=(1, "")))
