"""说明文件 without two of its items, with lines that are none."""
from __future__ import annotations

from pathlib import Path

from tests.transfer_kit import carrier_2022, transfer
from tests.vectors_kit import Case


def build(folder: Path) -> Case:
    content = carrier_2022()
    lines = content["说明文件.TXT"].decode().replace("内容描述", "说明").replace("软硬件环境: 通用", "")
    content["说明文件.TXT"] = ("=== 说明 ===\r\n" + lines).encode()
    return transfer(folder, content)
