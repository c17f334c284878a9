"""Copy A and copy B of a set are one and the same image file."""
from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from checks.bind import Choice
from tests.vectors_kit import CONTENT, Case, disc_in, form_in


def build(folder: Path) -> Case:
    stem = "J010-2026-01-G001"
    form, image = form_in(folder, "form", {stem: CONTENT}), disc_in(folder, "disc", CONTENT, stem)
    first, second = (Case(image, form, Choice(carrier_no=f"{stem}-{letter}")) for letter in "AB")
    return replace(second, earlier=(first,))
