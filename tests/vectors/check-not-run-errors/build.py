"""Every read in the padding takes a minute and fails: the place is left, and what was not read does not pass."""
from __future__ import annotations

from pathlib import Path

from tests.faults import FaultySource
from tests.vectors_kit import Case, usual, volume_blocks


def build(folder: Path) -> Case:
    case = usual(folder)
    end = volume_blocks(case.source)
    bad = range(end - 140, end - 10)
    faults = FaultySource(bad=bad, slow=dict.fromkeys(bad, 60.0))
    return Case(case.source, case.form, pread=faults, clock=faults.clock)
