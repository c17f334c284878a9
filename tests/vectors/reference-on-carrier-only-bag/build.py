"""SOURCE is a bag and its own manifests are the reference (P4); without tag manifests its tag files are part of it."""
from __future__ import annotations

from pathlib import Path

from checks.bind import Choice
from tests.vectors_kit import CONTENT, Case, bag, plant


def build(folder: Path) -> Case:
    return Case(plant(folder, bag(CONTENT, "sha512")), None, Choice(lists=""))
