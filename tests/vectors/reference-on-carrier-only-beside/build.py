"""A .md5 beside each file, in its own directory, and SHA256SUMS at the root: all lists on the carrier (P4)."""
from __future__ import annotations

from pathlib import Path

from checks.bind import Choice
from tests.vectors_kit import CONTENT, Case, genisoimage, manifest


def build(folder: Path) -> Case:
    lists = {path + ".md5": manifest({path.rpartition("/")[2]: raw}) for path, raw in CONTENT.items()}
    image = genisoimage(folder, {**CONTENT, **lists, "SHA256SUMS": manifest(CONTENT, "sha256")})
    return Case(image, None, Choice(lists=""))
