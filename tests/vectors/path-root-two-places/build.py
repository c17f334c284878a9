"""The list fits two folders of the disc equally well: none is chosen by digests."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, usual


def build(folder: Path) -> Case:
    content = {f"{copy}/{path}": raw for copy in ("甲", "乙") for path, raw in CONTENT.items()}
    content["乙/说明.txt"] = b"another"
    return usual(folder, content, CONTENT)
