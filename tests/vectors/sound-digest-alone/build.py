"""A digest alone in X.md5 is the one of X (HashCheck, one file)."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import Case, digest, genisoimage, written


def build(folder: Path) -> Case:
    content = {"档案.dat": b"1" * 3000}
    return Case(genisoimage(folder, content), written(folder, "档案.dat.md5", digest(content["档案.dat"]) + "\r\n"))
