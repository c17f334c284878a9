"""A catalogue larger than what is read before the pass was not checked, and that is said."""
from __future__ import annotations

from pathlib import Path

from carriers.model import CONTENT_BYTES
from tests.transfer_kit import carrier_2022, transfer
from tests.vectors_kit import Case


def build(folder: Path) -> Case:
    content = carrier_2022()
    content["目录文件.XML"] = b" " * (CONTENT_BYTES + 1)
    return transfer(folder, content)
