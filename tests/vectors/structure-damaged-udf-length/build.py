"""A listed file that claims to be longer than its extents."""
from __future__ import annotations

from pathlib import Path

from tests.udf_writer import retagged, udf_image
from tests.vectors_kit import CONTENT, Case, of_udf


def build(folder: Path) -> Case:
    return of_udf(folder, retagged(udf_image(CONTENT), "fe:案卷/0002.bin", {56: (10 ** 6).to_bytes(8, "little")}))
