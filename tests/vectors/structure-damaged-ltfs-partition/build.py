"""The data partition is not there: its files are named, and their content is lost."""
from __future__ import annotations

from pathlib import Path

from tests.tape_writer import ltfs, tape_case
from tests.vectors_kit import CONTENT, Case


def build(folder: Path) -> Case:
    tape = ltfs(CONTENT)
    tape.partitions.pop()
    return tape_case(folder, tape)
