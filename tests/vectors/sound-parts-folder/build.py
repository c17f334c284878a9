"""Parts in a folder: the first of them is not read again, those out of order are."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import SCOPED, Case, digest, plant, scoped, workbook


def build(folder: Path) -> Case:
    content = {f"p.7z.{n:03d}": digest(b"%d" % n).encode() * 90 for n in range(1, 4)}      # 8 640 bytes
    whole = b"".join(content.values())
    late = {f"q.part{n}.rar": b"Rar!\x1a\7%d" % n for n in (1, 2, 10)}
    late = {**late, **{f"q.part{n}.rar": b"Rar!\x1a\7%d" % n for n in range(3, 10)}}
    ordered = b"".join(late[f"q.part{n}.rar"] for n in range(1, 11))
    rows = [scoped("p.7z", "多文件", whole), scoped("q.part1.rar", "多文件", ordered)]
    return Case(plant(folder, {**content, **late}), workbook(folder, rows, header=SCOPED))
