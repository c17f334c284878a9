"""Easy MD5 Creator: the name first."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, genisoimage, written
from tests.windows_tools import easy_md5_creator


def build(folder: Path) -> Case:
    return Case(genisoimage(folder, CONTENT), written(folder, "list.md5", easy_md5_creator(CONTENT), "gbk"))
