"""A disc written in two sittings: what the first showed and the second does not."""
from __future__ import annotations

from pathlib import Path

from tests.udf_writer import Options, udf_image
from tests.vectors_kit import CONTENT, Case, of_udf


def build(folder: Path) -> Case:
    before = {"gone.txt": b"deleted since", "案卷/0001.txt": b"draft"}
    return of_udf(folder, udf_image(CONTENT, Options(medium="virtual", earlier_content=before)))
