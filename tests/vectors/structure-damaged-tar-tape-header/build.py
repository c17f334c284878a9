"""The same on a tape, where the members are found while it is read."""
from __future__ import annotations

from pathlib import Path

from tests.tape_writer import Tape, header_at, records, tape_case, tar
from tests.vectors_kit import CONTENT, Case


def build(folder: Path) -> Case:
    raw = bytearray(tar(folder, CONTENT))
    at = header_at(raw, "案卷/0001.txt")
    raw[at:at + 40] = bytes(40)
    tape = Tape()
    tape.put(0, *records(bytes(raw), 10240), None)
    return tape_case(folder, tape)
