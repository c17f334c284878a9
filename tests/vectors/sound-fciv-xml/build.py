"""fciv -both -xml: digests in base64, names in lower case."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, genisoimage, written
from tests.windows_tools import fciv_xml


def build(folder: Path) -> Case:
    return Case(genisoimage(folder, CONTENT), written(folder, "db.xml", fciv_xml(CONTENT), "utf-8"))
