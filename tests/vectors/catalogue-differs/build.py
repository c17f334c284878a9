"""A record that the catalogue names is not there, and one is there that it does not name."""
from __future__ import annotations

from pathlib import Path

from tests.transfer_kit import CODES, carrier_2012, transfer
from tests.vectors_kit import Case


def build(folder: Path) -> Case:
    content = carrier_2012()
    content["电子档案/2026/文书/多余.pdf"] = content.pop(f"电子档案/2026/文书/{CODES[1]}.pdf")
    return transfer(folder, content)
