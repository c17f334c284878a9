"""起止档号 ends where no entry does."""
from __future__ import annotations

from pathlib import Path

from tests.transfer_kit import CODES, carrier_2022, transfer
from tests.vectors_kit import Case


def build(folder: Path) -> Case:
    content = carrier_2022()
    content["说明文件.TXT"] = content["说明文件.TXT"].replace(CODES[2].encode(), "J010-WS·2026-Y-0009".encode())
    return transfer(folder, content)
