"""HashMyFiles /sxml."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, genisoimage, written
from tests.windows_tools import hashmyfiles_xml


def build(folder: Path) -> Case:
    return Case(genisoimage(folder, CONTENT), written(folder, "h.xml", hashmyfiles_xml(CONTENT), "utf-16"))
