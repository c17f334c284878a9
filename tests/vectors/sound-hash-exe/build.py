"""Hash 1.0.4, Chinese: blocks of 文件, 大小, 修改时间, MD5, SHA1, CRC32."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, genisoimage, written
from tests.windows_tools import hash_exe


def build(folder: Path) -> Case:
    return Case(genisoimage(folder, CONTENT), written(folder, "Hash.txt", hash_exe(CONTENT), "gbk"))
