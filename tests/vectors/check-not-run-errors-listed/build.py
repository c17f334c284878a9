"""Damage over several listed files, slow to fail: one is known to be unreadable, those after it were not attempted."""
from __future__ import annotations

from pathlib import Path

from tests.faults import FaultySource
from tests.vectors_kit import CONTENT, Case, block_of, usual


def build(folder: Path) -> Case:
    content = {"a.bin": b"A" * 100_000, "b.bin": b"B" * 90_000, "c.bin": b"C" * 80_000, "d.bin": b"D" * 3_000_000}
    case = usual(folder, {**CONTENT, **content})
    bad = range(block_of(case.source, content["a.bin"]) + 9, block_of(case.source, content["d.bin"]) - 1)
    faults = FaultySource(bad=bad, slow=dict.fromkeys(bad, 40.0))
    return Case(case.source, case.form, pread=faults, clock=faults.clock)
