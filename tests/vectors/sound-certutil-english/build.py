"""certutil -hashfile X SHA256 on an English Windows 10, whose code page is that of China."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, genisoimage, written
from tests.windows_tools import certutil_en


def build(folder: Path) -> Case:
    return Case(genisoimage(folder, CONTENT), written(folder, "list.txt", certutil_en(CONTENT), "gbk"))
