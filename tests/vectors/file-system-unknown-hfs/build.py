"""An ISO 9660/HFS hybrid: what a Mac shows may be other files, and nobody has looked."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import PLAIN, Case, genisoimage, listed


def build(folder: Path) -> Case:
    options = ("-hfs", "-J", "-R", "-input-charset", "iso8859-1")
    return Case(genisoimage(folder, PLAIN, *options), listed(folder, PLAIN))
