"""A block of the only file fails once and is read then."""
from __future__ import annotations

from pathlib import Path

from tests.faults import FaultySource
from tests.vectors_kit import CONTENT, Case, block_of, usual


def build(folder: Path) -> Case:
    case = usual(folder, {"只有.bin": CONTENT["案卷/0002.bin"]})
    at = block_of(case.source, CONTENT["案卷/0002.bin"]) + 1
    return Case(case.source, case.form, pread=FaultySource(once={at}))
