"""Another root element: it is said, and its entries count."""
from __future__ import annotations

from pathlib import Path

from tests.transfer_kit import carrier_2022, transfer
from tests.vectors_kit import Case


def build(folder: Path) -> Case:
    content = carrier_2022()
    content["目录文件.XML"] = content["目录文件.XML"].replace("文件目录".encode(), b"list")
    return transfer(folder, content)
