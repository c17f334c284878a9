"""说明文件 gives other amounts than the catalogue and the carrier have."""
from __future__ import annotations

from pathlib import Path

from tests.transfer_kit import carrier_2022, transfer
from tests.vectors_kit import Case


def build(folder: Path) -> Case:
    content = carrier_2022()
    content["说明文件.TXT"] = content["说明文件.TXT"].replace("3件".encode(), "5件,文件9个,1.5GB".encode())
    return transfer(folder, content)
