"""A CD-RW with packets that moved to the spare area, stale bytes in their old places."""
from __future__ import annotations

from pathlib import Path

from tests.udf_writer import Options
from tests.vectors_kit import CONTENT, Case, udf


def build(folder: Path) -> Case:
    return udf(folder, CONTENT, Options(medium="sparable", spared=(0,)))
