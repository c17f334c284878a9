"""TeraCopy names the algorithm before the asterisk."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, genisoimage, written
from tests.windows_tools import teracopy


def build(folder: Path) -> Case:
    return Case(genisoimage(folder, CONTENT), written(folder, "list.sha", teracopy(CONTENT), "utf-8-sig"))
