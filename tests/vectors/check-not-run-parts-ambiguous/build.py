"""Two packages may be meant: 7-Zip parts and WinRAR parts of one name."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import SCOPED, Case, digest, genisoimage, scoped, workbook


def build(folder: Path) -> Case:
    content = {f"p.7z.{n:03d}": digest(b"%d" % n).encode() * 90 for n in range(1, 4)}      # 8 640 bytes
    whole = b"".join(content.values())
    content.update({f"p.part{n}.rar": b"Rar!\x1a\7%d" % n for n in (1, 2)})
    return Case(genisoimage(folder, content), workbook(folder, [scoped("p", "多文件", whole, "")], header=SCOPED))
