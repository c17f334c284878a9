"""The form has the same content for G001 and G002, and both discs hold it: was one disc put in twice, or made twice?"""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, disc_in, form_in


def build(folder: Path) -> Case:
    first, second = "J010-2026-01-G001-A", "J010-2026-01-G002-A"
    form = form_in(folder, "form", {first: CONTENT, second: CONTENT})
    earlier = Case(disc_in(folder, "one", CONTENT, first), form)
    return Case(disc_in(folder, "two", CONTENT, second), form, earlier=(earlier,))
