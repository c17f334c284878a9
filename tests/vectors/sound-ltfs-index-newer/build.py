"""The index partition has a newer index than the data partition and points back to it: as unmounting may leave it."""
from __future__ import annotations

from pathlib import Path

from tests.tape_writer import Options, ltfs, tape_case
from tests.vectors_kit import CONTENT, Case


def build(folder: Path) -> Case:
    def index(number: int, text: str) -> str:
        return text if number else text.replace("<generationnumber>2", "<generationnumber>3")
    return tape_case(folder, ltfs(CONTENT, Options(index=index)))
