"""No metadata at all."""
from __future__ import annotations

from pathlib import Path

from tests.transfer_kit import carrier_2012, transfer
from tests.vectors_kit import Case


def build(folder: Path) -> Case:
    content = {path: raw for path, raw in carrier_2012().items() if not path.endswith("元数据.XML")}
    return transfer(folder, content)
