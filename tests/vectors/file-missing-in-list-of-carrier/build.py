"""A form of two carriers; the list on the first names a file that is not there. It names no carrier, and needs none."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import NUMBER, PLAIN, SCOPED, Case, genisoimage, manifest, scoped, workbook


def build(folder: Path) -> Case:
    inner = manifest({**PLAIN, "gone.dat": b"gone"})
    rows = [scoped("sum.md5", "摘要清单文件", inner, number=NUMBER),
            scoped("other.dat", "单个文件", b"other", number="J010-2026-01-G002-A")]
    return Case(genisoimage(folder, {**PLAIN, "sum.md5": inner}), workbook(folder, rows, header=SCOPED))
