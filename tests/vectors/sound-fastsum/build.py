"""FastSum: where the code page cannot write a name, a comment above the line has it."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, genisoimage, written
from tests.windows_tools import fastsum


def build(folder: Path) -> Case:
    return Case(genisoimage(folder, CONTENT), written(folder, "list.md5", fastsum(CONTENT), "utf-8"))
