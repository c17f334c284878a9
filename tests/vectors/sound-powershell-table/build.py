"""Get-FileHash > list.txt: UTF-16, a table wide enough for every path."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, genisoimage, written
from tests.windows_tools import powershell_table


def build(folder: Path) -> Case:
    return Case(genisoimage(folder, CONTENT), written(folder, "hash.txt", powershell_table(CONTENT), "utf-16"))
