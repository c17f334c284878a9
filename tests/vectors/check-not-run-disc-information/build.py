"""A drive that answers no question about its disc."""
from __future__ import annotations

from pathlib import Path

from tests.drives_kit import disc_drive
from tests.vectors_kit import Case, usual


def build(folder: Path) -> Case:
    return disc_drive(usual(folder), 0x11, b"")
