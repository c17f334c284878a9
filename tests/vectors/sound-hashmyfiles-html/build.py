"""HashMyFiles /shtml: a table whose cells are not closed."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, genisoimage, written
from tests.windows_tools import hashmyfiles_html


def build(folder: Path) -> Case:
    return Case(genisoimage(folder, CONTENT), written(folder, "h.html", hashmyfiles_html(CONTENT), "utf-16"))
