"""One stretch took a minute: noted."""
from __future__ import annotations

from pathlib import Path

from tests.faults import FaultySource
from tests.vectors_kit import BLOCK, CONTENT, Case, usual


def build(folder: Path) -> Case:
    case = usual(folder, {**CONTENT, "z.bin": bytes(6 << 20)})
    blocks = case.source.stat().st_size // BLOCK
    faults = FaultySource(slow={**dict.fromkeys(range(blocks), 0.001), 1600: 60.0})
    return Case(case.source, case.form, pread=faults, clock=faults.clock)
