"""The same, the HFS volume in a partition of an Apple partition map."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import PLAIN, Case, genisoimage, listed


def build(folder: Path) -> Case:
    options = ("-hfs", "-part", "-R", "-input-charset", "iso8859-1")
    return Case(genisoimage(folder, PLAIN, *options), listed(folder, PLAIN))
