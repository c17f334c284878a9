"""A file that was deleted, its name still in the directory."""
from __future__ import annotations

from pathlib import Path

from tests.udf_writer import Options, Shape, udf_image
from tests.vectors_kit import CONTENT, Case, of_udf


def build(folder: Path) -> Case:
    deleted = Options(shapes={"gone.txt": Shape(characteristics=4)})
    return of_udf(folder, udf_image({**CONTENT, "gone.txt": b"gone"}, deleted))
