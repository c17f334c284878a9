"""One character of one digest is no hex digit; other tools said "completed successfully" (traps 79, 81)."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, digest, genisoimage, listed, written


def build(folder: Path) -> Case:
    text = listed(folder, CONTENT).read_text("utf-8")
    first = digest(CONTENT["说明.txt"])
    return Case(genisoimage(folder, CONTENT), written(folder, "list.txt", text.replace(first, "g" + first[1:])))
