"""Both last indexes are of one generation and name different files."""
from __future__ import annotations

from pathlib import Path

from tests.tape_writer import Options, ltfs, tape_case
from tests.vectors_kit import CONTENT, Case


def build(folder: Path) -> Case:
    def index(number: int, text: str) -> str:
        return text if number else text.replace("0001.txt", "0009.txt")
    return tape_case(folder, ltfs(CONTENT, Options(index=index)))
