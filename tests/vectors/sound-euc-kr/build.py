"""Names in EUC-KR in Rock Ridge; the form tells which encoding."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import Case, encoded, listed

NAMES = {"기록물/목록.txt": b"x" * 10, "기록물/0001.bin": b"y" * 5000}


def build(folder: Path) -> Case:
    return Case(encoded(folder, NAMES, "cp949"), listed(folder, NAMES))
