"""A bag with a fetch.txt: part of its content is elsewhere, and it is refused."""
from __future__ import annotations

from pathlib import Path

from checks.bind import Choice
from tests.vectors_kit import PLAIN, Case, bag, genisoimage


def build(folder: Path) -> Case:
    files = bag(PLAIN, "md5", fetch=b"http://example.org/x 3 data/x\n")
    return Case(genisoimage(folder, files), None, Choice(lists=""))
