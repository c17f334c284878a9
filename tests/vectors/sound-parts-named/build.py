"""The names of the parts stand in the cell; they have no numbers and are taken as written. One is a range."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import SCOPED, Case, digest, genisoimage, scoped, workbook


def build(folder: Path) -> Case:
    content = {"甲/b.dat": b"b" * 3000, "甲/a.dat": b"a" * 2000}
    content.update((f"p_{n}.bak", digest(b"%d" % n).encode()) for n in (1, 2, 3))
    parts = b"".join(raw for path, raw in content.items() if path.startswith("p_"))
    rows = [scoped("甲/b.dat；a.dat", "多文件", b"b" * 3000 + b"a" * 2000), scoped("p_1.bak至p_3.bak", "多文件", parts)]
    return Case(genisoimage(folder, content), workbook(folder, rows, header=SCOPED))
