"""Copies A and B of a set were made from two states of the folder; each agrees with its own lines."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, disc_in, form_in


def build(folder: Path) -> Case:
    stem = "J010-2026-01-G001"
    later = {**CONTENT, "案卷/0001.txt": b"later"}
    form = form_in(folder, "form", {f"{stem}-A": CONTENT, f"{stem}-B": later})
    earlier = Case(disc_in(folder, "a", CONTENT, f"{stem}-A"), form)
    return Case(disc_in(folder, "b", later, f"{stem}-B"), form, earlier=(earlier,))
