"""The index partition's index points back to a block that is not the data partition's last index."""
from __future__ import annotations

from pathlib import Path

from tests.tape_writer import Options, ltfs, tape_case
from tests.vectors_kit import CONTENT, Case


def build(folder: Path) -> Case:
    def index(number: int, text: str) -> str:
        at = "<partition>b</partition><startblock>"
        return text if number else text.replace(at, at + "9", 1)
    return tape_case(folder, ltfs(CONTENT, Options(index=index)))
