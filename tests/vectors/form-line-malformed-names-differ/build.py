"""FastSum: the true name in the comment cannot be the name in the line."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, genisoimage, written
from tests.windows_tools import fastsum


def build(folder: Path) -> Case:
    text = fastsum(CONTENT).replace("UTF8: 案卷\\0002", "UTF8: 案卷\\0001")
    return Case(genisoimage(folder, CONTENT), written(folder, "list.md5", text))
