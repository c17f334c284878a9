"""A file with a named stream, as Windows and macOS write them."""
from __future__ import annotations

from pathlib import Path

from tests.udf_writer import Options, Shape
from tests.vectors_kit import CONTENT, Case, udf


def build(folder: Path) -> Case:
    return udf(folder, CONTENT, Options(shapes={"说明.txt": Shape(streams={"评语": b"5 bytes"})}))
