"""A carrier of the batch that was accepted and decided lies in the drive once more."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, NUMBER, Case, disc_in, form_in


def build(folder: Path) -> Case:
    form = form_in(folder, "form", {NUMBER: CONTENT})
    accepted = Case(disc_in(folder, "a", CONTENT, NUMBER), form, decided=True)
    return Case(disc_in(folder, "b", CONTENT, NUMBER), form, earlier=(accepted,))
