"""Part 10 lies before part 2 on the disc: the package is read once more, in the order of its numbers."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import SCOPED, Case, digest, genisoimage, scoped, workbook


def build(folder: Path) -> Case:
    content = {f"包/p.part{n}.rar": b"Rar!\x1a\7" + digest(b"%d" % n).encode() * 50 for n in range(1, 12)}
    rows = [scoped("包\\p.rar", "多文件", b"".join(content.values()), "11")]
    return Case(genisoimage(folder, content), workbook(folder, rows, header=SCOPED))
