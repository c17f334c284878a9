"""Only the catalogue package is listed, under the very name of the physical package: never compared with it."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import NUMBER, Case, digest, genisoimage, workbook


def build(folder: Path) -> Case:
    rows = [(NUMBER, f"{NUMBER}.zip", "MD5", digest(b"catalogue"), "目录包")]
    header = ("载体(包)编号", "数据包文件名", "摘要算法", "数字摘要", "备注")
    return Case(genisoimage(folder, {f"{NUMBER}.zip": b"package" * 1000}),
                workbook(folder, rows, header=header))
