"""The last two sectors of a disc that was written track at once: each fails with an error of its own (traps 27-29)."""
from __future__ import annotations

import errno
from pathlib import Path

from tests.faults import FaultySource
from tests.vectors_kit import BLOCK, Case, usual, volume_blocks


def build(folder: Path) -> Case:
    case = usual(folder)
    first = volume_blocks(case.source)
    with case.source.open("ab") as file:
        file.write(bytes(2 * BLOCK))
    return Case(case.source, case.form,
                pread=FaultySource(bad={first: errno.ENODATA, first + 1: errno.EREMOTEIO}))
