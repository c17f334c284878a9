"""The same is a doubt in a transfer."""
from __future__ import annotations

from pathlib import Path

from tests.transfer_kit import CODES, carrier_2012, transfer
from tests.vectors_kit import Case


def build(folder: Path) -> Case:
    content = carrier_2012()
    content[f"电子档案/2026/文书/{CODES[0]}.pdf"] = b"not a pdf at all " * 10
    return transfer(folder, content)
