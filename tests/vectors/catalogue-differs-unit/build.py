"""说明文件 is another unit's."""
from __future__ import annotations

from pathlib import Path

from tests.transfer_kit import carrier_2022, transfer
from tests.vectors_kit import Case


def build(folder: Path) -> Case:
    content = carrier_2022()
    content["说明文件.TXT"] = content["说明文件.TXT"].replace("民政局".encode(), "教育局".encode())
    return transfer(folder, content)
