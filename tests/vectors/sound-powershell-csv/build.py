"""Get-FileHash | Export-Csv in UTF-16, with the #TYPE line of PowerShell 5.1."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, digest, genisoimage, written


def build(folder: Path) -> Case:
    listing = {"D:\\" + path.replace("/", "\\"): digest(raw, "sha256").upper() for path, raw in CONTENT.items()}
    rows = (f'"SHA256","{value}","{path}"\r\n' for path, value in listing.items())
    text = '#TYPE Microsoft.Powershell.Utility.FileHash\r\n"Algorithm","Hash","Path"\r\n' + "".join(rows)
    return Case(genisoimage(folder, CONTENT), written(folder, "hash.csv", "\ufeff" + text, "utf-16-le"))
