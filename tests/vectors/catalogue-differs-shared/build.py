"""Two files of one name, and one entry that names it."""
from __future__ import annotations

from pathlib import Path

from tests.transfer_kit import CODES, body, carrier_2012, transfer
from tests.vectors_kit import Case


def build(folder: Path) -> Case:
    content = carrier_2012()
    content[f"电子档案/2027/文书/{CODES[0]}.pdf"] = body("另一件")
    return transfer(folder, content)
