"""Holes of more bytes than the carrier has: such a file is not made up of zeros and hashed."""
from __future__ import annotations

from pathlib import Path

from tests.udf_writer import Options, Shape, udf_image
from tests.vectors_kit import CONTENT, Case, of_udf


def build(folder: Path) -> Case:
    sparse = Options(shapes={"big.bin": Shape(zeros_after=1 << 22)})
    return of_udf(folder, udf_image({**CONTENT, "big.bin": b"b" * 2048}, sparse), {**CONTENT, "big.bin": b"b"})
