"""A listed file whose ICB is damaged: its name is known, its content lost."""
from __future__ import annotations

from pathlib import Path

from tests.udf_writer import inverted, udf_image
from tests.vectors_kit import CONTENT, Case, of_udf


def build(folder: Path) -> Case:
    return of_udf(folder, inverted(udf_image(CONTENT), "fe:案卷/0001.txt"))
