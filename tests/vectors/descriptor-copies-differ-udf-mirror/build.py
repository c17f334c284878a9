"""The metadata mirror file holds another file entry than the metadata file."""
from __future__ import annotations

from pathlib import Path

from tests.udf_writer import Options, retagged, udf_image
from tests.vectors_kit import CONTENT, Case, of_udf


def build(folder: Path) -> Case:
    image = udf_image(CONTENT, Options(revision="2.50", medium="metadata"))
    return of_udf(folder, retagged(image, "mirror!fe:说明.txt", {56: b"\x01"}))
