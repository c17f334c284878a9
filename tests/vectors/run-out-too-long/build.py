"""Two hundred unreadable blocks after the volume are no link blocks: a second session may be lost there."""
from __future__ import annotations

from pathlib import Path

from tests.faults import FaultySource
from tests.vectors_kit import BLOCK, Case, usual, volume_blocks


def build(folder: Path) -> Case:
    case = usual(folder)
    first = volume_blocks(case.source)
    with case.source.open("ab") as file:
        file.write(bytes(200 * BLOCK))
    return Case(case.source, case.form, pread=FaultySource(bad=range(first, first + 200)))
