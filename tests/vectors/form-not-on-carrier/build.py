"""The list that was asked for is not on the carrier."""
from __future__ import annotations

from pathlib import Path

from checks.bind import Choice
from tests.vectors_kit import PLAIN, Case, genisoimage


def build(folder: Path) -> Case:
    return Case(genisoimage(folder, PLAIN), None, Choice(lists="md5sum.txt"))
