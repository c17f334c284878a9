"""A form that names packages only, several on one carrier; the 载体目录 says which, the file names bear the numbers."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import LABEL, NUMBER, Case, digest, genisoimage, workbook


def build(folder: Path) -> Case:
    content = {f"P{n}.zip.enc": bytes([n]) * 3000 for n in range(1, 5)}
    catalogue = [("载体编号", "载体形式", "卷标", "含数据包"), (NUMBER, "光盘", LABEL, "P1、P2"),
                 ("J010-2026-01-G002-A", "光盘", "", "P3、P4")]
    rows = [(path.removesuffix(".zip.enc"), "MD5", digest(raw)) for path, raw in content.items()]
    mine = {path: raw for path, raw in content.items() if path[1] in "12"}
    form = workbook(folder, rows, header=("数据包编号", "摘要算法", "数字摘要"), catalogue=catalogue)
    return Case(genisoimage(folder, mine), form)
