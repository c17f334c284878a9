"""certutil -hashfile on a Chinese Windows 7: other words, the digest in pairs."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, genisoimage, written
from tests.windows_tools import certutil_zh_7


def build(folder: Path) -> Case:
    return Case(genisoimage(folder, CONTENT), written(folder, "list.txt", certutil_zh_7(CONTENT), "gbk"))
