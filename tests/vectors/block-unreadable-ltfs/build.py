"""A record of a file cannot be read; the other files are checked all the same."""
from __future__ import annotations

from pathlib import Path

from tests.tape_writer import ltfs, tape_case
from tests.vectors_kit import CONTENT, Case


def build(folder: Path) -> Case:
    tape = ltfs(CONTENT)
    at = next(n for n, block in enumerate(tape.partitions[1]) if block == CONTENT["案卷/0002.bin"][4096:8192])
    tape.bad.append((1, at))
    return tape_case(folder, tape)
