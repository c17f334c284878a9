"""One reading failed on a block, the next one in another drive reads it with the digest that the list has."""
from __future__ import annotations

from pathlib import Path

from tests.faults import FaultySource
from tests.vectors_kit import CONTENT, NUMBER, Case, block_of, disc_in, form_in


def build(folder: Path) -> Case:
    form, image = form_in(folder, "form", {NUMBER: CONTENT}), disc_in(folder, "disc", CONTENT, NUMBER)
    bad = block_of(image, CONTENT["案卷/0002.bin"]) + 2
    return Case(image, form, earlier=(Case(image, form, pread=FaultySource(bad={bad})),))
