"""From some block on nothing can be read any more, not even what was read before: the drive, not half the carrier."""
from __future__ import annotations

from pathlib import Path

from tests.faults import FaultySource
from tests.vectors_kit import CONTENT, Case, usual


def build(folder: Path) -> Case:
    case = usual(folder, {**CONTENT, "z.bin": bytes(6 << 20)})
    return Case(case.source, case.form, pread=FaultySource(dies_at=2100))
