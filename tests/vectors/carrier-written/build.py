"""Every file is equal, but the disk counts a write during the intake: what was read may not be what it holds now."""
from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from station.read_only import Held, hold_read_only
from tests.devices.machine import STAT, MadeKernel, MadeMachine
from tests.vectors_kit import Case, usual


def build(folder: Path) -> Case:
    case, made = usual(folder), MadeMachine(folder / "machine")
    made.disk("sdb", ["sdb1"])

    @contextmanager
    def held(source: Path) -> Iterator[Held]:
        with hold_read_only(source, MadeKernel(made, "sdb"), made.machine) as each:
            made.set("sdb", "stat", STAT.format(writes=1))
            yield each
    return Case(case.source, case.form, holder=held)
