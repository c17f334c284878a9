"""A line of a list on the carrier cannot be understood; its number and its list are said."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import PLAIN, SCOPED, Case, genisoimage, manifest, scoped, workbook


def build(folder: Path) -> Case:
    inner = manifest(PLAIN).replace(b"  b.dat", b"z b.dat") + manifest({"a.dat": PLAIN["a.dat"]}, "sha1")
    form = workbook(folder, [scoped("md5sum.txt", "清单", inner)], header=SCOPED)
    return Case(genisoimage(folder, {**PLAIN, "md5sum.txt": inner}), form)
