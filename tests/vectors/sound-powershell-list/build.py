"""Get-FileHash | Format-List > list.txt: UTF-16, a block for each file."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, genisoimage, written
from tests.windows_tools import powershell_list


def build(folder: Path) -> Case:
    return Case(genisoimage(folder, CONTENT), written(folder, "hash.txt", powershell_list(CONTENT), "utf-16"))
