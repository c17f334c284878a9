"""HashMyFiles /sverhtml: a table for each file."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, genisoimage, written
from tests.windows_tools import hashmyfiles_upright


def build(folder: Path) -> Case:
    return Case(genisoimage(folder, CONTENT), written(folder, "h.html", hashmyfiles_upright(CONTENT), "utf-16"))
