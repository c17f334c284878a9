"""The descriptors do not end: no terminator."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import BLOCK, Case, patch, usual


def build(folder: Path) -> Case:
    case = usual(folder)
    patch(case.source, case.source.read_bytes().index(b"\xffCD001"), bytes(BLOCK))
    return case
