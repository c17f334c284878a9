"""This year's form, last year's disc in the drive: its label reads as the number that was accepted."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, PLAIN, Case, disc_in, form_in


def build(folder: Path) -> Case:
    last, this = "J010-2025-01-G001-A", "J010-2026-01-G001-A"
    earlier = Case(disc_in(folder, "2025", CONTENT, last), form_in(folder, "2025", {last: CONTENT}, 年度="2025"),
                   decided=True)
    return Case(disc_in(folder, "again", PLAIN, last), form_in(folder, "2026", {this: PLAIN}), earlier=(earlier,))
