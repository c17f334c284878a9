"""HashMyFiles /stab: tabs, by the header."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, genisoimage, written
from tests.windows_tools import hashmyfiles_tabs


def build(folder: Path) -> Case:
    return Case(genisoimage(folder, CONTENT), written(folder, "h.txt", hashmyfiles_tabs(CONTENT), "utf-16"))
