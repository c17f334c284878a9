"""Two tools in one file: which lines belong to which is not guessed."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, genisoimage, written
from tests.windows_tools import certutil_zh, hash_exe


def build(folder: Path) -> Case:
    text = certutil_zh(CONTENT) + hash_exe(CONTENT)
    return Case(genisoimage(folder, CONTENT), written(folder, "list.txt", text, "gbk"))
