"""After a read error a distant block that was read well comes back different."""
from __future__ import annotations

from pathlib import Path

from tests.faults import FaultySource
from tests.vectors_kit import CONTENT, Case, block_of, usual


def build(folder: Path) -> Case:
    case = usual(folder, {**CONTENT, "z.bin": bytes(4 << 20)})
    bad = block_of(case.source, CONTENT["案卷/0002.bin"])
    return Case(case.source, case.form, pread=FaultySource(bad={bad}, lies_at={16}))
