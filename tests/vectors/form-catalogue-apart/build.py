"""The form lists the catalogue package, uploaded, beside the physical one under one number (domain 6.8)."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import NUMBER, Case, digest, genisoimage, workbook


def build(folder: Path) -> Case:
    rows = [(NUMBER, "目录数据包(在线上报)", "MD5", digest(b"catalogue")),
            (NUMBER, "实体数据包", "MD5", digest(b"package" * 1000))]
    header = ("载体(包)编号", "内容说明", "摘要算法", "数字摘要")
    return Case(genisoimage(folder, {f"{NUMBER}.zip.enc": b"package" * 1000}), workbook(folder, rows, header=header))
