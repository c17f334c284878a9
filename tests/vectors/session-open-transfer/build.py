"""In a transfer of a copy it is worth a note only."""
from __future__ import annotations

from pathlib import Path

from checks.bind import Choice
from tests.udf_writer import Options
from tests.vectors_kit import CONTENT, Case, udf


def build(folder: Path) -> Case:
    case = udf(folder, CONTENT, Options(integrity=("open",)))
    return Case(case.source, case.form, Choice(profile="transfer"))
