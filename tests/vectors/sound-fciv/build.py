"""fciv -r writes names in lower case; they are found by folding case."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import Case, genisoimage, written
from tests.windows_tools import fciv


def build(folder: Path) -> Case:
    content = {"Docs/README.TXT": b"1" * 100, "案卷A.dat": b"2" * 3000}
    return Case(genisoimage(folder, content), written(folder, "fciv.txt", fciv(content), "gbk"))
