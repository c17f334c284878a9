"""The console cut a long path in the table of Get-FileHash: never guessed, though one file only could be meant."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, genisoimage, written
from tests.windows_tools import powershell_table


def build(folder: Path) -> Case:
    content = {**CONTENT, "案卷/" + "很长的文件名" * 5 + ".dat": b"long"}
    text = powershell_table(content, width=120)
    return Case(genisoimage(folder, content), written(folder, "hash.txt", text, "utf-16"))
