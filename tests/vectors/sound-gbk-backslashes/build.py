"""GBK names in plain ISO 9660:1999; 誠 is D5 5C, and so ends a folder; a GBK list with back-slashes (trap 17)."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import Case, digest, encoded, written

NAMES = {"誠/誠信.txt": b"x" * 10, "誠/目录/1.bin": b"y" * 5000, "乗誠.txt": b"z" * 20}


def build(folder: Path) -> Case:
    lines = "".join(f"{digest(raw)} *{path}\r\n".replace("/", "\\") for path, raw in NAMES.items())
    return Case(encoded(folder, NAMES, "gbk", "-iso-level", "4"), written(folder, "list.md5", lines, "gb18030"))
