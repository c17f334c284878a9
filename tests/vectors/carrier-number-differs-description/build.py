"""说明文件 gives the number of the next carrier."""
from __future__ import annotations

from pathlib import Path

from tests.transfer_kit import carrier_2022, transfer
from tests.vectors_kit import Case


def build(folder: Path) -> Case:
    content = carrier_2022()
    content["说明文件.TXT"] = content["说明文件.TXT"].replace(b"G001", b"G002")
    return transfer(folder, content)
