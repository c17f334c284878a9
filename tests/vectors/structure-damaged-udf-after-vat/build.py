"""Blocks were recorded after the last virtual allocation table: what they are of is not known."""
from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.udf_writer import Options, udf_image
from tests.vectors_kit import BLOCK, CONTENT, Case, of_udf


def build(folder: Path) -> Case:
    image = udf_image(CONTENT, Options(medium="virtual"))
    return of_udf(folder, replace(image, raw=image.raw + b"\xff" * 2 * BLOCK))
