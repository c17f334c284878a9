"""A form of fonds J010 lists a carrier by a number of fonds J021."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, disc_in, form_in


def build(folder: Path) -> Case:
    number = "J021-2026-01-G001-A"
    return Case(disc_in(folder, "disc", CONTENT, "DATA"), form_in(folder, "form", {number: CONTENT}))
