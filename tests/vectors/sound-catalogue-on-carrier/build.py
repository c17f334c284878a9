"""The unit puts the catalogue package on the disc too, under a name that says so: then it is compared."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import NUMBER, Case, digest, genisoimage, workbook


def build(folder: Path) -> Case:
    content = {"2026目录数据包.zip.enc": b"catalogue" * 100, "2026实体数据包.zip.enc": b"package" * 1000}
    rows = [(NUMBER, path, "MD5", digest(raw)) for path, raw in content.items()]
    return Case(genisoimage(folder, content), workbook(folder, rows))
