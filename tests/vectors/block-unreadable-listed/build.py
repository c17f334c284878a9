"""One block of a listed file cannot be read."""
from __future__ import annotations

from pathlib import Path

from tests.faults import FaultySource
from tests.vectors_kit import CONTENT, Case, block_of, usual


def build(folder: Path) -> Case:
    case = usual(folder)
    bad = block_of(case.source, CONTENT["案卷/0002.bin"]) + 2
    return Case(case.source, case.form, pread=FaultySource(bad={bad}))
