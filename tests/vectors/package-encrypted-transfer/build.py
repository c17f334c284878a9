"""The same is a reject in a transfer."""
from __future__ import annotations

from pathlib import Path

from tests.transfer_kit import carrier_2012, transfer
from tests.vectors_kit import Case


def build(folder: Path) -> Case:
    archive = bytearray(b"PK\x03\x04" + bytes(100))
    archive[6] = 1                                          # general purpose bit 0: encrypted (APPNOTE 4.4.4)
    content = carrier_2012() | {"电子档案/2026/文书/J010-WS·2026-Y-0001.zip": bytes(archive)}
    return transfer(folder, content)
