"""UDF beside ISO 9660, as Windows and Nero burn: one set of files, found by the names that UDF has."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, genisoimage, listed


def build(folder: Path) -> Case:
    return Case(genisoimage(folder, CONTENT, "-J", "-R", "-udf"), listed(folder, CONTENT))
