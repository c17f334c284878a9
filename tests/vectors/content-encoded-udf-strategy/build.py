"""A file recorded under ICB strategy 4096, as on write-once discs of old."""
from __future__ import annotations

from pathlib import Path

from tests.udf_writer import Options, Shape
from tests.vectors_kit import CONTENT, Case, udf


def build(folder: Path) -> Case:
    return udf(folder, CONTENT, Options(access_type=2, shapes={"说明.txt": Shape(strategy=4096, prior_versions=1)}))
