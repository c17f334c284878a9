"""Directories that lead back to one above them."""
from __future__ import annotations

from pathlib import Path

from tests.udf_writer import Options, Shape, udf_image
from tests.vectors_kit import CONTENT, Case, of_udf


def build(folder: Path) -> Case:
    loop = Options(shapes={"案卷/回": Shape(link="案卷")})
    return of_udf(folder, udf_image({**CONTENT, "案卷/回": b""}, loop))
