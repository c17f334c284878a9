"""A directory of the Joliet tree cannot be read; Rock Ridge still shows its files."""
from __future__ import annotations

from pathlib import Path

from tests.faults import FaultySource
from tests.vectors_kit import Case, directory_block, usual


def build(folder: Path) -> Case:
    case = usual(folder)
    return Case(case.source, case.form, pread=FaultySource(bad={directory_block(case.source, "案卷")}))
