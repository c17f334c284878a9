"""Copies A and B of a set are burned from one master: alike to the last block, and said so."""
from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from checks.bind import Choice
from tests.vectors_kit import CONTENT, Case, disc_in, form_in, written


def build(folder: Path) -> Case:
    stem = "J010-2026-01-G001"
    form, image = form_in(folder, "form", {stem: CONTENT}), disc_in(folder, "disc", CONTENT, stem)
    copy = written(folder, "copy.iso", image.read_bytes())
    first, second = (Case(source, form, Choice(carrier_no=f"{stem}-{letter}"))
                     for source, letter in ((image, "A"), (copy, "B")))
    return replace(second, earlier=(first,))
