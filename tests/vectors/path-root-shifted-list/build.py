"""A list in a directory of its own has absolute paths of another machine: one root offset for that list."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, SCOPED, Case, genisoimage, manifest, scoped, workbook


def build(folder: Path) -> Case:
    inner = manifest(CONTENT, prefix="E:\\备份\\")
    rows = [scoped("校验/all.md5", "清单", inner)]
    return Case(genisoimage(folder, {**CONTENT, "校验/all.md5": inner}), workbook(folder, rows, header=SCOPED))
