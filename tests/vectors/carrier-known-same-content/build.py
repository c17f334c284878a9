"""Last year's disc is burned and brought again under a number of this year."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, disc_in, form_in


def build(folder: Path) -> Case:
    last, this = "J010-2025-01-G001-A", "J010-2026-01-G001-A"
    earlier = Case(disc_in(folder, "2025", CONTENT, last), form_in(folder, "2025", {last: CONTENT}, 年度="2025"),
                   decided=True)
    return Case(disc_in(folder, "2026", CONTENT, this), form_in(folder, "2026", {this: CONTENT}), earlier=(earlier,))
