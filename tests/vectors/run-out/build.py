"""Blocks after the volume cannot be read, as the link blocks of a burnt disc (traps 27-29)."""
from __future__ import annotations

from pathlib import Path

from tests.faults import FaultySource
from tests.vectors_kit import BLOCK, Case, usual, volume_blocks


def build(folder: Path) -> Case:
    case = usual(folder)
    first = volume_blocks(case.source)
    with case.source.open("ab") as file:
        file.write(bytes(2 * BLOCK))
    return Case(case.source, case.form, pread=FaultySource(bad={first, first + 1}))
