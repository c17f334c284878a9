"""The two byte orders of a file's size differ in one record."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import PLAIN, Case, patch, records, usual


def build(folder: Path) -> Case:
    case = usual(folder, PLAIN)
    patch(case.source, records(case.source, "a.dat")[0] + 14, (9999).to_bytes(4, "big"))
    return case
