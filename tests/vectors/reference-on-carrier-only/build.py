"""The only list lies on the carrier itself (P4)."""
from __future__ import annotations

from pathlib import Path

from checks.bind import Choice
from tests.vectors_kit import CONTENT, Case, listed, plant


def build(folder: Path) -> Case:
    root = plant(folder, CONTENT)
    return Case(root, listed(root, CONTENT, name="md5sum.txt"), Choice(form_on_carrier=True))
