"""HashCheck, SHA-1: back-slashes, a mark at the beginning."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, genisoimage, written
from tests.windows_tools import hashcheck


def build(folder: Path) -> Case:
    return Case(genisoimage(folder, CONTENT), written(folder, "checksums.sha1", hashcheck(CONTENT), "utf-8-sig"))
