"""A UDF image that was copied without its end."""
from __future__ import annotations

from pathlib import Path

from tests.udf_writer import cut, udf_image
from tests.vectors_kit import CONTENT, Case, of_udf


def build(folder: Path) -> Case:
    image = udf_image(CONTENT)
    return of_udf(folder, cut(image, image.block("bitmap") + 1))
