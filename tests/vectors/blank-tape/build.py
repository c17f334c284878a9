"""A tape with file marks and nothing else."""
from __future__ import annotations

from pathlib import Path

from tests.tape_writer import Tape, tape_case
from tests.vectors_kit import Case


def build(folder: Path) -> Case:
    tape = Tape()
    tape.put(0, None, None)
    return tape_case(folder, tape)
