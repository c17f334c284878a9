"""The same with the true names below their lines."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, genisoimage, written
from tests.windows_tools import fastsum_below


def build(folder: Path) -> Case:
    return Case(genisoimage(folder, CONTENT), written(folder, "list.md5", fastsum_below(CONTENT), "utf-8"))
