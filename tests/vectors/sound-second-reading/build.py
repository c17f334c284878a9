"""One disc read twice before anybody decides: the same case."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, NUMBER, Case, disc_in, form_in


def build(folder: Path) -> Case:
    form, image = form_in(folder, "form", {NUMBER: CONTENT}), disc_in(folder, "disc", CONTENT, NUMBER)
    return Case(image, form, earlier=(Case(image, form),))
