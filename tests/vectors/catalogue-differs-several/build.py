"""文件目录 and 目录文件: the first counts, the other is not dropped silently."""
from __future__ import annotations

from pathlib import Path

from tests.transfer_kit import carrier_2022, transfer
from tests.vectors_kit import Case


def build(folder: Path) -> Case:
    content = carrier_2022()
    content["文件目录.XML"] = content["目录文件.XML"].replace("第3号".encode(), "第4号".encode())
    return transfer(folder, content)
