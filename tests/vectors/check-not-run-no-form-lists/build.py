"""No form, but lists on the carrier: kept for later, and named in the next step."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import PLAIN, Case, genisoimage, manifest


def build(folder: Path) -> Case:
    return Case(genisoimage(folder, {**PLAIN, "MD5SUMS": manifest(PLAIN)}))
