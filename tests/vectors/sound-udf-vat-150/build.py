"""The same in the form of UDF 1.50, whose table has a trailer."""
from __future__ import annotations

from pathlib import Path

from tests.udf_writer import Options
from tests.vectors_kit import CONTENT, Case, udf


def build(folder: Path) -> Case:
    return udf(folder, CONTENT, Options(medium="virtual", revision="1.50"))
