"""After a read error a distant block that was read well comes back different: the drive may be at fault."""
from __future__ import annotations

from pathlib import Path

from tests.faults import FaultySource
from tests.vectors_kit import CONTENT, Case, usual, volume_blocks


def build(folder: Path) -> Case:
    case = usual(folder, {**CONTENT, "z.bin": bytes(1 << 20)})
    bad = volume_blocks(case.source) - 50
    return Case(case.source, case.form, pread=FaultySource(bad={bad}, lies_at={16}))
