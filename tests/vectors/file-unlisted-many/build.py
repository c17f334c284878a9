"""Twenty-five of them: counted, not listed."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, usual


def build(folder: Path) -> Case:
    return usual(folder, {**CONTENT, **{f"多余{n:02d}.txt": bytes([n, 1]) for n in range(25)}}, CONTENT)
