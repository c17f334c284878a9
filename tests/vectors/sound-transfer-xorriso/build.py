"""A transfer by xorriso, its catalogue in UTF-16."""
from __future__ import annotations

from pathlib import Path

from tests.transfer_kit import carrier_2022, transfer
from tests.vectors_kit import Case, xorriso


def build(folder: Path) -> Case:
    content = carrier_2022("UTF-16")
    return transfer(folder, content, xorriso(folder, content))
