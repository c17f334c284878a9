"""No file is named like a part of the package: which files it is cannot be told, and they are unlisted."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import PLAIN, SCOPED, Case, genisoimage, scoped, workbook


def build(folder: Path) -> Case:
    rows = [scoped("p.7z", "多文件", b"".join(PLAIN.values()), "2")]
    return Case(genisoimage(folder, PLAIN), workbook(folder, rows, header=SCOPED))
