"""A record of a tar tape cannot be read: the file in it is lost, the members after it are found."""
from __future__ import annotations

from pathlib import Path

from tests.tape_writer import Tape, records, tape_case, tar
from tests.vectors_kit import CONTENT, Case


def build(folder: Path) -> Case:
    content = {"大.bin": CONTENT["案卷/0002.bin"] * 4, **CONTENT}
    tape = Tape()
    tape.put(0, *records(tar(folder, content), 10240), None)
    tape.bad.append((0, 1))
    return tape_case(folder, tape, content)
