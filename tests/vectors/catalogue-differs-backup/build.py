"""In a backup what the catalogue says wrongly is a note."""
from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from checks.bind import Choice
from tests.transfer_kit import CODES, carrier_2012, transfer
from tests.vectors_kit import Case


def build(folder: Path) -> Case:
    content = carrier_2012()
    del content[f"电子档案/2026/文书/{CODES[2]}.pdf"]
    return replace(transfer(folder, content), choice=Choice())
