"""UDF in two partitions of a disk, of 512- and of 2048-byte blocks; small files lie inside their ICBs."""
from __future__ import annotations

from pathlib import Path

from tests.disk_kit import against, table
from tests.udf_writer import Options, udf_image
from tests.vectors_kit import CONTENT, PLAIN, Case, written


def build(folder: Path) -> Case:
    one = udf_image(CONTENT, Options(block_bytes=512, descriptors="embedded", label="ONE")).raw
    two = udf_image(PLAIN, Options(label="TWO")).raw
    bodies = [(1, written(folder, "one.udf", one)), (8, written(folder, "two.udf", two))]
    script = f"start=1MiB,size={len(one) // 512},type=7\nstart=8MiB,size={len(two) // 512},type=7\n"
    listing = {**{f"ONE/{path}": raw for path, raw in CONTENT.items()},
               **{f"TWO/{path}": raw for path, raw in PLAIN.items()}}
    return against(folder, table(folder, script, bodies), listing)
