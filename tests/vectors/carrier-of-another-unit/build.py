"""The disc of another unit lies in the drive: its label begins with that unit's fonds."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, NUMBER, PLAIN, Case, disc_in, form_in


def build(folder: Path) -> Case:
    theirs = "J021-2026-01-G001-A"
    earlier = Case(disc_in(folder, "theirs", PLAIN, theirs), form_in(folder, "j021", {theirs: PLAIN}, 全宗号="J021",
                                                                     单位名称="另一局"))
    return Case(disc_in(folder, "here", CONTENT, "J021-2026-01-G002-A"), form_in(folder, "j010", {NUMBER: CONTENT}),
                earlier=(earlier,))
