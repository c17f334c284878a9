"""Two lines give one file different digests: neither is believed, not even the one that agrees."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, digest, genisoimage, listed, written


def build(folder: Path) -> Case:
    text = listed(folder, CONTENT).read_text("utf-8") + f"{digest(b'other')}  说明.txt\n"
    return Case(genisoimage(folder, CONTENT), written(folder, "list.txt", text))
