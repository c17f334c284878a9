"""A byte of the second part was altered: the digest over the parts differs."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import SCOPED, Case, digest, genisoimage, scoped, workbook


def build(folder: Path) -> Case:
    content = {f"p.7z.{n:03d}": digest(b"%d" % n).encode() * 90 for n in range(1, 4)}      # 8 640 bytes
    whole = b"".join(content.values())
    content["p.7z.002"] = content["p.7z.002"][:-1] + b"!"
    return Case(genisoimage(folder, content), workbook(folder, [scoped("p.7z", "多文件", whole)], header=SCOPED))
