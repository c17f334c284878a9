"""Two archives on a tape, with file marks between and after them, of different blocking factors."""
from __future__ import annotations

from pathlib import Path

from tests.tape_writer import Tape, records, tape_case, tar
from tests.vectors_kit import CONTENT, Case


def build(folder: Path) -> Case:
    first = {path: CONTENT[path] for path in list(CONTENT)[:2]}
    rest = {path: CONTENT[path] for path in list(CONTENT)[2:]}
    tape = Tape()
    tape.put(0, *records(tar(folder, first), 10240), None, *records(tar(folder, rest, "-b", "1"), 512), None, None)
    return tape_case(folder, tape)
