"""A package in parts that the form names by its number only: not checked, and no part is unlisted."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import NUMBER, SHEET, Case, digest, genisoimage, workbook


def build(folder: Path) -> Case:
    content = {"P1.7z.001": b"first" * 500, "P1.7z.002": b"second" * 500, "P2.zip.enc": b"other" * 500}
    first, second, other = content.values()
    rows = [("P1", "MD5", digest(first + second)), ("P2", "MD5", digest(other))]
    sheet = {**SHEET, "载体数量": "1", "载体起始编号": NUMBER}
    form = workbook(folder, rows, header=("包编号", "摘要算法", "数字摘要"), sheet=sheet)
    return Case(genisoimage(folder, content), form)
