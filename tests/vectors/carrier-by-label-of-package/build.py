"""Carrier and package bear one number, the file too: the lines of the other number are those of another disc."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import LABEL, NUMBER, Case, digest, genisoimage, workbook


def build(folder: Path) -> Case:
    rows = [(NUMBER, f"{NUMBER}.enc", "MD5", digest(b"1" * 3000)),
            ("J010-2026-01-G002-A", "J010-2026-01-G002-A.enc", "MD5", digest(b"2" * 3000))]
    return Case(genisoimage(folder, {f"{NUMBER}.enc": b"1" * 3000}, label=LABEL), workbook(folder, rows))
