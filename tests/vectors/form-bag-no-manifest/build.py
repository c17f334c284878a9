"""A bag without a manifest of its payload."""
from __future__ import annotations

from pathlib import Path

from checks.bind import Choice
from tests.vectors_kit import PLAIN, Case, bag, genisoimage


def build(folder: Path) -> Case:
    files = bag(PLAIN, tags=["md5"])
    return Case(genisoimage(folder, files), None, Choice(lists=""))
