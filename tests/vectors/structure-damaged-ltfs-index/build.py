"""The last index of the index partition cannot be read; the data partition has the same."""
from __future__ import annotations

from pathlib import Path

from tests.tape_writer import ltfs, tape_case
from tests.vectors_kit import CONTENT, Case


def build(folder: Path) -> Case:
    tape = ltfs(CONTENT)
    tape.bad.append((0, 5))
    return tape_case(folder, tape)
