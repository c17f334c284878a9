"""A bag of a version that does not exist."""
from __future__ import annotations

from pathlib import Path

from checks.bind import Choice
from tests.vectors_kit import PLAIN, Case, bag, genisoimage


def build(folder: Path) -> Case:
    files = bag(PLAIN, "md5", bagit=b"BagIt-Version: 9.1\nTag-File-Character-Encoding: UTF-8\n")
    return Case(genisoimage(folder, files), None, Choice(lists=""))
