"""A name that turns round to look like another format."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import PLAIN, Case, usual


def build(folder: Path) -> Case:
    return usual(folder, {**PLAIN, "公文\u202etxt.exe": b"n" * 100})
