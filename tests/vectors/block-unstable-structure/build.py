"""A volume descriptor fails once and is read then."""
from __future__ import annotations

from pathlib import Path

from tests.faults import FaultySource
from tests.vectors_kit import Case, usual


def build(folder: Path) -> Case:
    case = usual(folder)
    return Case(case.source, case.form, pread=FaultySource(once={17}))
