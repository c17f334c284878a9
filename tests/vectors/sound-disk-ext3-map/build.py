"""Files of ext3 too large for one map of blocks, one with a hole in it: their runs are read without pytsk3."""
from __future__ import annotations

from pathlib import Path

from tests.disk_kit import against, ext, stale
from tests.vectors_kit import PLAIN, Case

LARGE = {"大.bin": stale(400_000, b"large"), "洞.bin": stale(9000, b"head") + bytes(500_000) + stale(9001, b"tail")}


def build(folder: Path) -> Case:
    content = {**PLAIN, **LARGE}
    return against(folder, ext(folder, content, "-O", "^extent,^64bit", "-b", "1024"), content)
