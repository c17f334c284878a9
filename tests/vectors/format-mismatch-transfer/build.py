"""The same is a doubt in a transfer."""
from __future__ import annotations

from pathlib import Path

from checks.bind import Choice
from tests.vectors_kit import PLAIN, Case, usual


def build(folder: Path) -> Case:
    case = usual(folder, {**PLAIN, "报告.pdf": b"not a pdf at all " * 10})
    return Case(case.source, case.form, Choice(profile="transfer"))
