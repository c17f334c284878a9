"""A record in the middle of a file is shorter than the block size: it is not the file's content."""
from __future__ import annotations

from pathlib import Path

from tests.tape_writer import ltfs, tape_case
from tests.vectors_kit import CONTENT, Case


def build(folder: Path) -> Case:
    tape = ltfs(CONTENT)
    at = next(n for n, block in enumerate(tape.partitions[1]) if block == CONTENT["案卷/0002.bin"][:4096])
    tape.partitions[1][at] = CONTENT["案卷/0002.bin"][:4000]
    return tape_case(folder, tape)
