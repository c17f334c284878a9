"""Two bags on a disc, one directory down; a file beside them is in none."""
from __future__ import annotations

from pathlib import Path

from checks.bind import Choice
from tests.vectors_kit import CONTENT, Case, bag, genisoimage


def build(folder: Path) -> Case:
    one, two = bag(CONTENT, "md5", tags=["md5"]), bag({"a.txt": b"a", "x.md5": b"of the payload"}, "sha1", tags=["md5"])
    files = {**{f"甲/{path}": raw for path, raw in one.items()}, **{f"乙/{path}": raw for path, raw in two.items()}}
    return Case(genisoimage(folder, {**files, "外.txt": b"out"}, "-J", "-joliet-long", "-R"), None, Choice(lists=""))
