"""A digest in 说明文件 that does not say of what it is."""
from __future__ import annotations

from pathlib import Path

from tests.transfer_kit import carrier_2022, transfer
from tests.vectors_kit import Case


def build(folder: Path) -> Case:
    content = carrier_2022()
    content["说明文件.TXT"] += "摘要信息(MD5)：d41d8cd98f00b204e9800998ecf8427e\r\n".encode()
    return transfer(folder, content)
