"""certutil -hashfile on a Chinese Windows 10: the head, the digest below it, how it ended."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, genisoimage, written
from tests.windows_tools import certutil_zh


def build(folder: Path) -> Case:
    return Case(genisoimage(folder, CONTENT), written(folder, "list.txt", certutil_zh(CONTENT), "gbk"))
