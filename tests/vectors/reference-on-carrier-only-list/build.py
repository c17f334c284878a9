"""No form was handed in; a list on the disc is named as the reference (P4), read before the pass."""
from __future__ import annotations

from pathlib import Path

from checks.bind import Choice
from tests.vectors_kit import CONTENT, Case, genisoimage, manifest


def build(folder: Path) -> Case:
    image = genisoimage(folder, {**CONTENT, "清单.txt": manifest(CONTENT)})
    return Case(image, None, Choice(lists="清单.txt"))
