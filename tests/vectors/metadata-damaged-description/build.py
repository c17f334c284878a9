"""说明文件 in no encoding."""
from __future__ import annotations

from pathlib import Path

from tests.transfer_kit import carrier_2022, transfer
from tests.vectors_kit import Case


def build(folder: Path) -> Case:
    content = carrier_2022()
    content["说明文件.TXT"] = b"\xff\x80\x81" * 10
    return transfer(folder, content)
