"""A file with extents that were never recorded: zeros by the standard (ECMA-167 4/14.14.1.1)."""
from __future__ import annotations

from pathlib import Path

from tests.udf_writer import ALLOCATED, HOLE, Options, Piece, Shape
from tests.vectors_kit import CONTENT, Case, udf


def build(folder: Path) -> Case:
    pieces = (Piece(2048), Piece(4096, HOLE), Piece(2048, ALLOCATED), Piece())
    content = {**CONTENT, "holes.bin": b"a" * 2048 + bytes(6144) + b"z" * 100}
    return udf(folder, content, Options(shapes={"holes.bin": Shape(pieces=pieces)}))
