"""A hundred thousand elements within each other."""
from __future__ import annotations

from pathlib import Path

from tests.transfer_kit import carrier_2022, transfer
from tests.vectors_kit import Case


def build(folder: Path) -> Case:
    content = carrier_2022()
    content["目录文件.XML"] = "".join(("<a>" * 100_000, "</a>" * 100_000)).encode()
    return transfer(folder, content)
