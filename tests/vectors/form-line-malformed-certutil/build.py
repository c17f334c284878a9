"""certutil fails on an empty file (0x800703ee): its digest is missing, and that is said."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import PLAIN, Case, genisoimage, written
from tests.windows_tools import certutil_zh


def build(folder: Path) -> Case:
    ended = "CertUtil: -hashfile 失败: 0x800703ee (WIN32: 1006 ERROR_FILE_INVALID)\r\n"
    text = certutil_zh(PLAIN) + "MD5 的 E:\\备份\\empty.dat 哈希:\r\n" + ended
    image = genisoimage(folder, {**PLAIN, "empty.dat": b""})
    return Case(image, written(folder, "list.txt", text, "gbk"))
