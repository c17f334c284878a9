"""A transfer without any of the structure."""
from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.transfer_kit import TRANSFER
from tests.vectors_kit import PLAIN, Case, usual


def build(folder: Path) -> Case:
    case = usual(folder, PLAIN)
    return replace(case, choice=TRANSFER)
