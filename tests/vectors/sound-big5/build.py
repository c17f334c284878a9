"""Names in Big5 without Joliet, folders too; 功 and 蓋 end with 0x5C (traps 11, 12, 16, 17). The form tells which."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import Case, encoded, listed

NAMES = {"許功蓋/說明.txt": b"x" * 10, "許功蓋/0001.bin": b"y" * 5000, "檔案目錄.txt": b"z" * 20}


def build(folder: Path) -> Case:
    return Case(encoded(folder, NAMES, "big5"), listed(folder, NAMES))
