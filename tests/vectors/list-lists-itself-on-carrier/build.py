"""A list on the carrier lists itself, made while it was empty; two lists may list each other."""
from __future__ import annotations

from pathlib import Path

from checks.bind import Choice
from tests.vectors_kit import PLAIN, Case, genisoimage, manifest


def build(folder: Path) -> Case:
    first = manifest({**PLAIN, "MD5SUMS": b""})
    image = genisoimage(folder, {**PLAIN, "MD5SUMS": first, "sha1sum.txt": manifest({"MD5SUMS": first}, "sha1")})
    return Case(image, None, Choice(lists="", anchor="P2"))
