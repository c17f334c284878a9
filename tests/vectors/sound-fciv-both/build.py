"""fciv -both: two digests before each name."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, genisoimage, written
from tests.windows_tools import fciv_both


def build(folder: Path) -> Case:
    return Case(genisoimage(folder, CONTENT), written(folder, "fciv.txt", fciv_both(CONTENT), "gbk"))
