"""A tape whose archive ends in the middle of a member."""
from __future__ import annotations

from pathlib import Path

from tests.tape_writer import Tape, records, tape_case, tar
from tests.vectors_kit import CONTENT, Case


def build(folder: Path) -> Case:
    tape = Tape()
    tape.put(0, *records(tar(folder, CONTENT, "-b", "1")[:-6144], 512), None)
    return tape_case(folder, tape)
