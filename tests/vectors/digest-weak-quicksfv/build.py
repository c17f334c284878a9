"""QuickSFV: CRC32 alone proves nothing against intent; the comments have the sizes."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, genisoimage, written
from tests.windows_tools import quicksfv


def build(folder: Path) -> Case:
    return Case(genisoimage(folder, CONTENT), written(folder, "list.sfv", quicksfv(CONTENT), "gbk"))
