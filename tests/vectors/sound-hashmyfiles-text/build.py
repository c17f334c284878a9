"""HashMyFiles /stext: records between rules, by their labels."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, genisoimage, written
from tests.windows_tools import hashmyfiles_text


def build(folder: Path) -> Case:
    return Case(genisoimage(folder, CONTENT), written(folder, "h.txt", hashmyfiles_text(CONTENT), "utf-16"))
