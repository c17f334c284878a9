"""A disc failed and went back; made again, it comes under its number once more."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, NUMBER, Case, disc_in, form_in


def build(folder: Path) -> Case:
    form = form_in(folder, "form", {NUMBER: CONTENT})
    failed = Case(disc_in(folder, "first", {**CONTENT, "案卷/0001.txt": b"wrong"}, NUMBER), form, decided=True)
    return Case(disc_in(folder, "second", CONTENT, NUMBER), form, earlier=(failed,))
