"""One digest over the parts of a package, named by the package; the parts listed one by one as well."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import SCOPED, Case, digest, genisoimage, scoped, workbook


def build(folder: Path) -> Case:
    content = {f"p.7z.{n:03d}": digest(b"%d" % n).encode() * 90 for n in range(1, 4)}      # 8 640 bytes
    whole = b"".join(content.values())
    rows = [scoped("p.7z", "多文件", whole, "3"), *(scoped(path, "单个文件", raw) for path, raw in content.items())]
    return Case(genisoimage(folder, content), workbook(folder, rows, header=SCOPED))
