"""The drive vanishes in the middle: no verdict, the intake stays open."""
from __future__ import annotations

from pathlib import Path

from tests.faults import FaultySource
from tests.vectors_kit import CONTENT, Case, block_of, usual


def build(folder: Path) -> Case:
    case = usual(folder)
    return Case(case.source, case.form, pread=FaultySource(vanish_at=block_of(case.source, CONTENT["案卷/0002.bin"])))
