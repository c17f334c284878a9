"""An encrypted package: recorded in a backup, not failed."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import PLAIN, Case, usual


def build(folder: Path) -> Case:
    archive = bytearray(b"PK\x03\x04" + bytes(100))
    archive[6] = 1                                          # general purpose bit 0: encrypted (APPNOTE 4.4.4)
    return usual(folder, {**PLAIN, "包.zip": bytes(archive)})
