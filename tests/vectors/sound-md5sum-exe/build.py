"""md5sum.exe: absolute paths with doubled back-slashes, marked as escaped."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, genisoimage, written
from tests.windows_tools import md5sum_exe


def build(folder: Path) -> Case:
    return Case(genisoimage(folder, CONTENT), written(folder, "list.md5", md5sum_exe(CONTENT), "gbk"))
