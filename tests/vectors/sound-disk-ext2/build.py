"""ext2 with indirect blocks, and a larger block."""
from __future__ import annotations

from pathlib import Path

from tests.disk_kit import against, ext
from tests.vectors_kit import CONTENT, Case


def build(folder: Path) -> Case:
    content = {**CONTENT, "大.bin": bytes(range(251)) * 2000}
    return against(folder, ext(folder, content, "-t", "ext2", "-b", "1024"), content)
