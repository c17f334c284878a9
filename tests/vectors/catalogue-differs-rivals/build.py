"""Two structures on one carrier: none is chosen."""
from __future__ import annotations

from pathlib import Path

from tests.transfer_kit import carrier_2022, transfer
from tests.vectors_kit import Case


def build(folder: Path) -> Case:
    content = {("甲/" if path == "说明文件.TXT" else "乙/") + path: raw for path, raw in carrier_2022().items()}
    return transfer(folder, content)
