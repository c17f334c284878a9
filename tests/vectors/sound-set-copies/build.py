"""Copies A and B of a set, each with its own label."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, disc_in, form_in


def build(folder: Path) -> Case:
    stem = "J010-2026-01-G001"
    form = form_in(folder, "form", {f"{stem}-A": CONTENT, f"{stem}-B": CONTENT})
    earlier = Case(disc_in(folder, "a", CONTENT, f"{stem}-A"), form)
    return Case(disc_in(folder, "b", CONTENT, f"{stem}-B"), form, earlier=(earlier,))
