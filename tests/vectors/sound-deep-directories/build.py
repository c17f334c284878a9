"""Ten levels: Rock Ridge relocates them into RR_MOVED and they must be found where they belong."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import Case, genisoimage, listed


def build(folder: Path) -> Case:
    deep = "/".join(f"第{n}级" for n in range(10)) + "/深处.txt"
    content = {deep: b"deep" * 100, "说明.txt": b"x"}
    return Case(genisoimage(folder, content, "-R"), listed(folder, content))
