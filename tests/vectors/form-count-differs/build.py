"""The 载体目录 declares five files, the carrier has three."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, LABEL, NUMBER, Case, genisoimage, lines_of, workbook


def build(folder: Path) -> Case:
    catalogue = [("载体编号", "载体形式", "卷标", "文件数", "字节数"), (NUMBER, "光盘", LABEL, "5", "12100")]
    return Case(genisoimage(folder, CONTENT), workbook(folder, lines_of(CONTENT), catalogue=catalogue))
