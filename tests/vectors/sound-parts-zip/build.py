"""WinZip parts: .z01, .z02, the .zip last; no file name, only the package number."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import NUMBER, SCOPED, Case, genisoimage, scoped, workbook


def build(folder: Path) -> Case:
    content = {f"{NUMBER}.z01": b"PK\7\x08" * 800, f"{NUMBER}.z02": b"2" * 3000, f"{NUMBER}.zip": b"PK\3\4end"}
    rows = [scoped("", "分卷", b"".join(content.values()))]
    return Case(genisoimage(folder, content), workbook(folder, rows, header=SCOPED))
