"""Copy B of a set has the same content as A under another name."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, disc_in, form_in


def build(folder: Path) -> Case:
    stem = "J010-2026-01-G001"
    renamed = {path.replace("0001", "0009"): raw for path, raw in CONTENT.items()}
    form = form_in(folder, "form", {f"{stem}-A": CONTENT, f"{stem}-B": renamed})
    earlier = Case(disc_in(folder, "a", CONTENT, f"{stem}-A"), form)
    return Case(disc_in(folder, "b", renamed, f"{stem}-B"), form, earlier=(earlier,))
