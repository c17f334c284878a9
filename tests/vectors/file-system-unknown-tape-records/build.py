"""Records of some other program, listed by what lies between the file marks."""
from __future__ import annotations

from pathlib import Path

from tests.tape_writer import Tape, records, tape_case
from tests.vectors_kit import CONTENT, Case


def build(folder: Path) -> Case:
    first, second = CONTENT["案卷/0001.txt"], CONTENT["案卷/0002.bin"]
    tape = Tape()
    tape.put(0, *records(first, 1024), None, *records(second, 2048), None, None)
    return tape_case(folder, tape, {"file000001.dd": first, "file000002.dd": second})
