"""The labels of the two partitions name different times of formatting."""
from __future__ import annotations

from pathlib import Path

from tests.tape_writer import Options, ltfs, tape_case
from tests.vectors_kit import CONTENT, Case


def build(folder: Path) -> Case:
    def label(number: int, text: str) -> str:
        return text.replace("2026-01-02T", "2025-01-02T") if number else text
    return tape_case(folder, ltfs(CONTENT, Options(label=label)))
