"""Last year's batch counted its discs from G001 too, and was accepted: a number used twice, other content."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, PLAIN, Case, disc_in, form_in


def build(folder: Path) -> Case:
    earlier = Case(disc_in(folder, "2025", PLAIN, "G001"), form_in(folder, "2025", {"G001": PLAIN}, 年度="2025"),
                   decided=True)
    return Case(disc_in(folder, "2026", CONTENT, "G001"), form_in(folder, "2026", {"G001": CONTENT}),
                earlier=(earlier,))
