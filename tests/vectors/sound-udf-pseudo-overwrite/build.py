"""A BD-R written with pseudo-overwrite (access type 0)."""
from __future__ import annotations

from pathlib import Path

from tests.udf_writer import Options
from tests.vectors_kit import CONTENT, Case, udf


def build(folder: Path) -> Case:
    return udf(folder, CONTENT, Options(medium="pseudo-overwrite", revision="2.60"))
