"""A file differs from a list on the carrier that the form vouches for; another is not on the carrier."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, SCOPED, Case, genisoimage, manifest, scoped, workbook


def build(folder: Path) -> Case:
    inner = manifest({**CONTENT, "案卷/0001.txt": b"other", "案卷/0003.txt": b"gone"})
    form = workbook(folder, [scoped("md5sum.txt", "清单文件", inner)], header=SCOPED)
    return Case(genisoimage(folder, {**CONTENT, "md5sum.txt": inner}), form)
