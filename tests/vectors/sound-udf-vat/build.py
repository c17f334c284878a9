"""A CD-R or DVD-R written in packets: ICBs by the virtual allocation table (UDF 2.01)."""
from __future__ import annotations

from pathlib import Path

from tests.udf_writer import Options
from tests.vectors_kit import CONTENT, Case, udf


def build(folder: Path) -> Case:
    return udf(folder, CONTENT, Options(medium="virtual"))
