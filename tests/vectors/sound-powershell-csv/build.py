"""Get-FileHash | Export-Csv in UTF-16, with the #TYPE line of PowerShell 5.1."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, digest, genisoimage, written


def build(folder: Path) -> Case:
    rows = (f'"SHA256","{digest(raw, "sha256").upper()}","D:\\{path}"\r\n'.replace("/", "\\") for path, raw in CONTENT.items())
    text = '#TYPE Microsoft.Powershell.Utility.FileHash\r\n"Algorithm","Hash","Path"\r\n' + "".join(rows)
    return Case(genisoimage(folder, CONTENT), written(folder, "hash.csv", "\ufeff" + text, "utf-16-le"))
