"""A folder that holds other things than lists is no form."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import PLAIN, Case, genisoimage, manifest, plant


def build(folder: Path) -> Case:
    lists = plant(folder, {"a.dat.md5": manifest(PLAIN), "readme.doc": b"?"}, "lists")
    return Case(genisoimage(folder, PLAIN), lists)
