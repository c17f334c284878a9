"""说明文件 has a number of another kind than the carrier's."""
from __future__ import annotations

from pathlib import Path

from tests.transfer_kit import carrier_2022, transfer
from tests.vectors_kit import NUMBER, Case


def build(folder: Path) -> Case:
    content = carrier_2022()
    content["说明文件.TXT"] = content["说明文件.TXT"].replace(NUMBER.encode(), "光盘甲".encode())
    return transfer(folder, content)
