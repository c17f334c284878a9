"""Total Commander, SHA-256."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, genisoimage, written
from tests.windows_tools import total_commander


def build(folder: Path) -> Case:
    return Case(genisoimage(folder, CONTENT), written(folder, "list.sha256", total_commander(CONTENT), "utf-8-sig"))
