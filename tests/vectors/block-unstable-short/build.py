"""A read ends early without an error, as a kernel gives what came before one; the rest is then read (trap 65)."""
from __future__ import annotations

from pathlib import Path

from tests.faults import FaultySource
from tests.vectors_kit import CONTENT, Case, usual


def build(folder: Path) -> Case:
    case = usual(folder, {**CONTENT, "z.bin": bytes(2 << 20)})
    return Case(case.source, case.form, pread=FaultySource(cut_at={200, 800}))
