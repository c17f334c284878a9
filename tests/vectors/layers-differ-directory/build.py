"""A directory is called otherwise in Joliet: said once, not of each file below it."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, listed, patch, records, usual


def build(folder: Path) -> Case:
    case = usual(folder, CONTENT)
    patch(case.source, records(case.source, "案卷")[-1] + 33, "档卷".encode("utf-16-be"))
    return Case(case.source, listed(folder, CONTENT))
