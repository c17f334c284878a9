"""64 digits that neither the list nor its name calls SHA-256 or SM3: a question, not a guess."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, genisoimage, listed


def build(folder: Path) -> Case:
    return Case(genisoimage(folder, CONTENT), listed(folder, CONTENT, "sha256"))
