"""Metadata over several reads are gathered; those over 1 MiB are said not to be checked."""
from __future__ import annotations

from pathlib import Path

from tests.transfer_kit import CODES, carrier_2022, transfer
from tests.vectors_kit import Case


def build(folder: Path) -> Case:
    content = carrier_2022()
    path, tail = "J010/WS/{}/电子档案元数据.XML", b" " * 900_000
    content[path.format(CODES[0])] += tail + b"<"
    content[path.format(CODES[1])] += tail * 2
    content[path.format(CODES[2])] += tail
    return transfer(folder, content)
