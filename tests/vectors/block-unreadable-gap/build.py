"""One block in the padding, inside the volume, cannot be read."""
from __future__ import annotations

from pathlib import Path

from tests.faults import FaultySource
from tests.vectors_kit import Case, usual, volume_blocks


def build(folder: Path) -> Case:
    case = usual(folder)
    return Case(case.source, case.form, pread=FaultySource(bad={volume_blocks(case.source) - 50}))
