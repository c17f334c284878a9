"""The last index of the data partition is no well-formed XML; the index partition has the same."""
from __future__ import annotations

from pathlib import Path

from tests.tape_writer import Options, ltfs, tape_case
from tests.vectors_kit import CONTENT, Case


def build(folder: Path) -> Case:
    def index(number: int, text: str) -> str:
        return text.replace("</ltfsindex>", "") if number else text
    return tape_case(folder, ltfs(CONTENT, Options(index=index)))
