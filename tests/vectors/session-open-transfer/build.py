"""In a transfer of a copy it is worth a note only."""
from __future__ import annotations

from pathlib import Path

from tests.transfer_kit import carrier_2022, transfer
from tests.udf_writer import Options
from tests.vectors_kit import Case, udf


def build(folder: Path) -> Case:
    content = carrier_2022()
    return transfer(folder, content, udf(folder, content, Options(integrity=("open",))).source)
