"""Listed litter that differs is a doubt, not a reject (domain 10.5)."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, usual


def build(folder: Path) -> Case:
    return usual(folder, {**CONTENT, "desktop.ini": b"new"}, {**CONTENT, "desktop.ini": b"old"})
