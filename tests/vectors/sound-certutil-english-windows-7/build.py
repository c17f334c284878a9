"""certutil -hashfile (SHA-1 by default) on an English Windows 7."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, genisoimage, written
from tests.windows_tools import certutil_en_7


def build(folder: Path) -> Case:
    return Case(genisoimage(folder, CONTENT), written(folder, "list.txt", certutil_en_7(CONTENT), "gbk"))
