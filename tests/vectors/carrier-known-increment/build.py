"""The carrier that was accepted in spring comes again in autumn with more on it."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, NUMBER, PLAIN, Case, disc_in, form_in


def build(folder: Path) -> Case:
    more = {**PLAIN, **CONTENT}
    earlier = Case(disc_in(folder, "spring", PLAIN, NUMBER), form_in(folder, "spring", {NUMBER: PLAIN}), decided=True)
    return Case(disc_in(folder, "autumn", more, NUMBER), form_in(folder, "autumn", {NUMBER: more}), earlier=(earlier,))
