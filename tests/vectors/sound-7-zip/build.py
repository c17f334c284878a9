"""7z h: a table with sizes and a folder; its totals are no digests of files."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, genisoimage, written
from tests.windows_tools import seven_zip


def build(folder: Path) -> Case:
    return Case(genisoimage(folder, CONTENT), written(folder, "7z.txt", seven_zip(CONTENT), "utf-8"))
