"""The digest of the whole image differs."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, HEADER, NUMBER, Case, digest, genisoimage, workbook


def build(folder: Path) -> Case:
    header = (*HEADER[:1], "摘要对象", *HEADER[2:])
    rows = [(NUMBER, "整盘镜像", "MD5", digest(b"other"))]
    return Case(genisoimage(folder, CONTENT), workbook(folder, rows, header=header))
