"""The main and the reserve volume descriptor sequence name different labels."""
from __future__ import annotations

from pathlib import Path

from tests.udf_writer import retagged, udf_image
from tests.vectors_kit import CONTENT, Case, of_udf


def build(folder: Path) -> Case:
    return of_udf(folder, retagged(udf_image(CONTENT), "reserve:LVD", {84: b"\x08OTHER"}))
