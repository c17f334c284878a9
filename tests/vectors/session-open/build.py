"""A rewritable disc that was taken out without being closed."""
from __future__ import annotations

from pathlib import Path

from tests.udf_writer import Options
from tests.vectors_kit import CONTENT, Case, udf


def build(folder: Path) -> Case:
    return udf(folder, CONTENT, Options(integrity=("closed", "open")))
