"""The form names packages only and the files have other names: found by their digests, which people confirm."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import NUMBER, SHEET, Case, digest, genisoimage, workbook


def build(folder: Path) -> Case:
    content = {"民政局-1.enc": b"1" * 3000, "民政局-2.enc": b"2" * 3000}
    rows = [(f"P{n}", "MD5", digest(raw)) for n, raw in enumerate(content.values(), 1)]
    sheet = {**SHEET, "载体数量": "1", "载体起始编号": NUMBER}
    form = workbook(folder, rows, header=("包编号", "摘要算法", "数字摘要"), sheet=sheet)
    return Case(genisoimage(folder, content), form)
