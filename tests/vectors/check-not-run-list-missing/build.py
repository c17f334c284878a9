"""The list that the form names is not on the carrier: its line is missing, and what it lists was not compared."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import PLAIN, SCOPED, Case, genisoimage, scoped, workbook


def build(folder: Path) -> Case:
    form = workbook(folder, [scoped("md5sum.txt", "清单文件", b"list")], header=SCOPED)
    return Case(genisoimage(folder, PLAIN), form)
