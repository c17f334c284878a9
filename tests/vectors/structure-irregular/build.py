"""A file entry whose CRC covers nothing: everything else bears it out (traps 4, 5)."""
from __future__ import annotations

from pathlib import Path

from tests.udf_writer import retagged, udf_image
from tests.vectors_kit import CONTENT, Case, of_udf


def build(folder: Path) -> Case:
    return of_udf(folder, retagged(udf_image(CONTENT), "fe:说明.txt", crc_length=0))
