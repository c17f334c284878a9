"""Records follow the last index of the data partition: a file that was never indexed."""
from __future__ import annotations

from pathlib import Path

from tests.tape_writer import ltfs, tape_case
from tests.vectors_kit import CONTENT, Case


def build(folder: Path) -> Case:
    tape = ltfs(CONTENT)
    tape.put(1, b"x" * 4096, b"y" * 100)
    return tape_case(folder, tape)
