"""Twenty-five records that no entry names: counted, not listed."""
from __future__ import annotations

from pathlib import Path

from tests.transfer_kit import body, carrier_2012, transfer
from tests.vectors_kit import Case


def build(folder: Path) -> Case:
    more = {f"电子档案/2026/文书/多余{n:02d}.pdf": body(str(n)) for n in range(25)}
    return transfer(folder, carrier_2012() | more)
