"""A UDF volume beside ISO 9660: not read here, so not passed."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, genisoimage, listed


def build(folder: Path) -> Case:
    return Case(genisoimage(folder, CONTENT, "-J", "-R", "-udf"), listed(folder, CONTENT))
