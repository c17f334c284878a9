"""A hard disk's UDF of 512-byte blocks, small files inside their ICBs."""
from __future__ import annotations

from pathlib import Path

from tests.udf_writer import Options
from tests.vectors_kit import CONTENT, Case, udf


def build(folder: Path) -> Case:
    return udf(folder, CONTENT, Options(block_bytes=512, descriptors="embedded"))
