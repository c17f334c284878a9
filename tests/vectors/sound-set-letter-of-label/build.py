"""A form of two sets that gives both copies one number: the label tells which copy this is."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, disc_in, form_in


def build(folder: Path) -> Case:
    stem = "J010-2026-01-G001"
    form = form_in(folder, "form", {stem: CONTENT}, 套数="2")
    earlier = Case(disc_in(folder, "a", CONTENT, f"{stem}-A"), form)
    return Case(disc_in(folder, "b", CONTENT, f"{stem}-B"), form, earlier=(earlier,))
