"""XML with a document type and entities is not a list of any tool."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, genisoimage, written
from tests.windows_tools import fciv_xml


def build(folder: Path) -> Case:
    text = '<?xml version="1.0"?><!DOCTYPE FCIV [<!ENTITY a "ha">]>' + fciv_xml(CONTENT).partition("?>")[2]
    return Case(genisoimage(folder, CONTENT), written(folder, "db.xml", text))
