"""UTF-8 that calls itself GB2312."""
from __future__ import annotations

from pathlib import Path

from tests.transfer_kit import carrier_2022, transfer
from tests.vectors_kit import Case


def build(folder: Path) -> Case:
    content = carrier_2022()
    content["目录文件.XML"] = content["目录文件.XML"].replace(b"UTF-8", b"GB2312")
    return transfer(folder, content)
