"""The parts lie in a directory that the form leaves out: one root offset, as for any list."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import SCOPED, Case, digest, genisoimage, scoped, workbook


def build(folder: Path) -> Case:
    content = {f"p.7z.{n:03d}": digest(b"%d" % n).encode() * 90 for n in range(1, 4)}      # 8 640 bytes
    whole = b"".join(content.values())
    image = genisoimage(folder, {f"备份/{path}": raw for path, raw in content.items()})
    return Case(image, workbook(folder, [scoped("p.7z", "多文件", whole)], header=SCOPED))
