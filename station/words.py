"""The station's own words to its operator: Chinese by default, English as the second language.

Takes keys of `phrases.toml` with facts, gives text; findings and refusals are worded by `checks/catalogue.toml`.
"""
from __future__ import annotations

import sys
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TextIO

from carriers.model import Refused
from checks import catalogue
from checks.verdict import Judgement, Severity


@cache
def _phrases() -> dict[str, dict[str, str]]:
    return tomllib.loads(Path(__file__).with_name("phrases.toml").read_text(encoding="utf-8"))


class Voice:
    """Speaks to the operator in one language: answers on stdout, everything else on stderr."""

    def __init__(self, language: str = "zh", out: TextIO | None = None, err: TextIO | None = None) -> None:
        self.language = language if language in catalogue.LANGUAGES else "zh"
        self.out = out or sys.stdout
        self.err = err or sys.stderr

    def phrase(self, key: str, **facts: object) -> str:
        """A phrase with its facts; text from carriers and forms is shown escaped.

        Raises: KeyError where the phrase or one of its facts is missing (a program error).
        """
        safe = {name: catalogue.shown(str(value)) for name, value in facts.items()}
        return _phrases()[key][self.language].format_map(safe)

    def say(self, key: str, **facts: object) -> None:
        """One line for the operator on stderr."""
        print(self.phrase(key, **facts), file=self.err, flush=True)

    def answer(self, text: str) -> None:
        """What was asked for, on stdout."""
        print(text, file=self.out, flush=True)

    def tell(self, judgement: Judgement) -> None:
        """A judgement with its next step, on stderr."""
        step = self.next_step(judgement)
        print(self.text(judgement.text), *([f"    → {step}"] if step else []), sep="\n", file=self.err, flush=True)

    def refuse(self, refusal: Refused) -> None:
        """Why we could not look or must not go on, and what to do."""
        print(catalogue.words("errors", refusal.code, refusal.facts)[self.language], file=self.err, flush=True)

    def next_step(self, judgement: Judgement) -> str:
        """What the operator can do about a finding, "" = nothing is needed: what is worth a note here needs no cure."""
        row = catalogue.findings()[judgement.code]
        if judgement.severity is Severity.NOTE and row["severity"] != Severity.NOTE:
            return ""
        return catalogue.words("do", judgement.code, {**judgement.facts, "path": judgement.path})[self.language]

    def text(self, texts: Mapping[str, str]) -> str:
        """The text of this language out of a judgement's words."""
        return texts[self.language]
