"""Export-Csv of Windows PowerShell writes ASCII by default: every Chinese character becomes a question mark."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, genisoimage, written
from tests.windows_tools import powershell_csv


def build(folder: Path) -> Case:
    text = powershell_csv(CONTENT).encode("ascii", "replace")
    return Case(genisoimage(folder, CONTENT), written(folder, "hash.csv", text))
