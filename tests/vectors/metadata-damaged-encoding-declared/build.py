"""GB18030 that calls itself UTF-8: it is said, and read all the same."""
from __future__ import annotations

from pathlib import Path

from tests.transfer_kit import carrier_2022, transfer
from tests.vectors_kit import Case


def build(folder: Path) -> Case:
    content = carrier_2022()
    content["目录文件.XML"] = content["目录文件.XML"].decode().encode("gb18030")
    return transfer(folder, content)
