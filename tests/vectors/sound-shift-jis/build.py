"""Names in Shift-JIS in plain ISO 9660; 表 and ソ end with 0x5C; the list is written with back-slashes."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import Case, digest, encoded, written

NAMES = {"表ソ/能力.txt": b"x" * 10, "表ソ/0001.bin": b"y" * 5000, "カタログ.txt": b"z" * 20}


def build(folder: Path) -> Case:
    lines = "".join(f"{digest(raw)} *E:\\備份\\{path}\r\n".replace("/", "\\") for path, raw in NAMES.items())
    return Case(encoded(folder, NAMES, "cp932", "-iso-level", "4"), written(folder, "list.md5", lines))
