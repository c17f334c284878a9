"""A transfer on line: a folder, one directory above its structure."""
from __future__ import annotations

from pathlib import Path

from tests.transfer_kit import carrier_2012, transfer
from tests.vectors_kit import Case, plant


def build(folder: Path) -> Case:
    content = {f"移交包/{path}": raw for path, raw in carrier_2012().items()}
    return transfer(folder, content, plant(folder, content))
