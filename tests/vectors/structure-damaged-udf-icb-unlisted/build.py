"""The same of a file that no line names."""
from __future__ import annotations

from pathlib import Path

from tests.udf_writer import inverted, udf_image
from tests.vectors_kit import CONTENT, Case, of_udf


def build(folder: Path) -> Case:
    return of_udf(folder, inverted(udf_image({**CONTENT, "more.txt": b"more"}), "fe:more.txt"))
