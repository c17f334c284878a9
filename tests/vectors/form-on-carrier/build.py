"""The list lies on the carrier too: noted, not unlisted."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, listed, usual


def build(folder: Path) -> Case:
    text = listed(folder, CONTENT).read_bytes()
    return usual(folder, {**CONTENT, "md5sum.txt": text}, CONTENT)
