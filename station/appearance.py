"""载体外观: what people saw of a carrier becomes findings with their names, judged like all others.

Takes `appearance` events, gives a verdict as the decision takes it; relies on the catalogue for what an answer means
and on the policy for how much a negative one weighs. The machine's verdict on record stays as it was.
"""
from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from carriers.model import Finding
from checks import catalogue
from checks.judge import judge_findings, with_people
from checks.verdict import CheckResult, Verdict
from station.config import Config
from station.events import Event


class Answered(NamedTuple):
    """Who said what of a carrier's looks. items: item of the catalogue → answer as it was said."""

    by: str
    second: str
    items: Mapping[str, str]
    note: str


def is_good(item: str, answer: str) -> bool | None:
    """Whether an answer means 通过; None where it is neither a good word nor a bad one of this item."""
    row = catalogue.appearance()[item]
    word = answer.strip().casefold()
    return True if word in row["good"] else False if word in row["bad"] else None


def answered(events: Iterable[Event], carrier_no: str, attempt: int) -> Answered | None:
    """The answers that stand for a carrier in one 报送: of each item the last one given."""
    items: dict[str, str] = {}
    last: Event | None = None
    for event in events:
        if (event.event == "appearance" and not event.corrected and event.carrier_no in ("", carrier_no)
                and event.facts.get("attempt", 1) == attempt):
            items |= event.facts["items"]
            last = event
    return Answered(last.by, last.second, items, str(last.facts.get("note", ""))) if last else None


def seen(config: Config, events: Sequence[Event], verdict: Verdict) -> Verdict:
    """A verdict with what people saw of its carrier; as it was where nobody looked."""
    said = answered(events, verdict.carrier.number, verdict.attempt)
    if said is None:
        return verdict
    bad = [item for item, answer in said.items.items() if not is_good(item, answer)]
    judged = judge_findings((Finding("appearance-defect", "", None, {
        "item": item, "answer": said.items[item], "by": said.by, "note": said.note or "-",
        "place": config.appearance[item]}) for item in bad), verdict.profile)
    whole = said.items.keys() >= catalogue.appearance().keys()
    result = CheckResult.FAILED if any(config.appearance[item] == "reject" for item in bad) else \
        CheckResult.PASSED if whole and all(config.appearance[item] == "note" for item in bad) else \
        CheckResult.NOT_CHECKED
    return with_people(verdict, judged, result, catalogue.words("phrases", "evidence-appearance-by", {
        "text": _sentence(said, "zh"), "by": _people(said)}))


def cell(events: Sequence[Event], verdicts: Iterable[Verdict]) -> str:
    """What the 外观 cell says of these carriers, "" = nobody looked at any of them."""
    groups: dict[str, list[str]] = {}
    for verdict in verdicts:
        said = answered(events, verdict.carrier.number, verdict.attempt)
        text = _word("not-looked") if said is None else f"{_sentence(said, 'zh')}({_people(said)})"
        groups.setdefault(text, []).append(verdict.carrier.number or verdict.carrier.volume_label or verdict.intake)
    if set(groups) <= {_word("not-looked")}:
        return ""
    if len(groups) == 1:
        return next(iter(groups))
    return ";".join(f"{'、'.join(numbers)}:{text}" for text, numbers in groups.items())


def _word(key: str) -> str:
    return catalogue.words("phrases", f"appearance-{key}", {})["zh"]


def _people(said: Answered) -> str:
    return "、".join(name for name in (said.by, said.second) if name)


def _sentence(said: Answered, language: str) -> str:
    rows = catalogue.appearance()
    parts = [rows[item][language] if item not in said.items else
             rows[item][f"good_{language}"] if is_good(item, said.items[item]) else
             f"{rows[item][language]}:{said.items[item]}" for item in rows if item in said.items]
    missing = [rows[item][language] for item in rows if item not in said.items]
    parts += [f"{'、'.join(missing)}{_word('not-looked')}"] if missing else []
    return "、".join(parts) + (f"({said.note})" if said.note else "")
