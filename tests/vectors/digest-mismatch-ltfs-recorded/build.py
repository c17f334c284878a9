"""The form's digest is met, the one that the index itself has of the file is not."""
from __future__ import annotations

from pathlib import Path

from tests.tape_writer import Options, ltfs, tape_case
from tests.vectors_kit import PLAIN, Case, digest


def build(folder: Path) -> Case:
    right, wrong = digest(PLAIN["a.dat"], "sha1"), digest(PLAIN["b.dat"], "sha1")
    tape = ltfs(PLAIN, Options(hashes=("sha1",), index=lambda _, text: text.replace(right, wrong)))
    return tape_case(folder, tape, PLAIN)
