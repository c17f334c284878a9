"""In a backup a broken catalogue is a note."""
from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from checks.bind import Choice
from tests.transfer_kit import carrier_2012, transfer
from tests.vectors_kit import Case


def build(folder: Path) -> Case:
    content = carrier_2012()
    content["文件目录.XML"] = content["文件目录.XML"][:-9]
    return replace(transfer(folder, content), choice=Choice())
