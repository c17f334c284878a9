"""A text that is no list of digests is never guessed."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, genisoimage, written


def build(folder: Path) -> Case:
    return Case(genisoimage(folder, CONTENT), written(folder, "list.txt", "关于移交的说明\n本批共三个文件。\n"))
