"""说明文件: what a transfer carrier says of itself in plain lines, and whether that holds.

Takes the bytes of 说明文件.TXT and what was counted on the carrier, gives a `Description` and findings
`catalogue-differs`. Relies on `normalise.py` for the encoding, counts and sizes.
Source: domain §2.2: one item a line, `:`, `：` or `=` behind its label.
"""
from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from carriers.model import Files, Finding

from .entries import key
from .names import is_litter
from .normalise import declared_count, encoding_of, label, size_agrees

LONGEST_VALUE, LINES_KEPT = 500, 20


class Description(NamedTuple):
    """values: identifier → text as written, "" for a label without one. other_lines: the first that have no label."""

    values: Mapping[str, str]
    other_lines: tuple[str, ...]


_Words = Mapping[str, Any]
_RANGE = re.compile(r"\s*(?:至|到|~|～|—+|–+|\s-+\s)\s*")
_AMOUNT = re.compile(r"(\d[\d,]{0,17}(?:\.\d{1,6})?)\s*(案卷|个文件|份文件|字节|[TGMK]?B|[GM]|[件份个条卷盒兆])?",
                     re.IGNORECASE)
_PAIR = re.compile(r"([^:：=]{1,60})[:：=](.*)", re.DOTALL)
_NUMBERING = re.compile(r"^[\s\d.、)()（）•*#-]+")


def read_description(raw: bytes, names: Mapping[str, Sequence[str]]) -> Description | None:
    """The lines of 说明文件; None where its encoding cannot be told. names: identifier → labels."""
    encoding = encoding_of([raw])
    if not encoding or (b"\0" in raw and not encoding.startswith("utf-16")):
        return None
    labels = {label(text): name for name, texts in names.items() for text in texts}
    values: dict[str, str] = {}
    others: list[str] = []
    for line in raw.decode(encoding).removeprefix("\ufeff").splitlines():
        match = _PAIR.fullmatch(line)
        written = match[1] if match else ""
        name = labels.get(label(written)) or labels.get(label(_NUMBERING.sub("", written)))
        if match and name:
            values[name] = values.get(name) or match[2].strip()[:LONGEST_VALUE]
        elif line.strip() and len(others) < LINES_KEPT:
            others.append(line.strip()[:LONGEST_VALUE])
    return Description(values, tuple(others))


class Measured(NamedTuple):
    """What was counted. counts: "items", "volumes", "files" → every number that may be meant; sizes: in bytes."""

    counts: Mapping[str, Sequence[int]]
    sizes: Sequence[int]


def measured(files: Files, is_record: Callable[[str], bool], entries: Mapping[str, int]) -> Measured:
    """All files, those that are no litter, those of records; entries: of the catalogues, by kind."""
    content = [n for n, path in enumerate(files.paths) if not is_litter(path)]
    records = [n for n in content if is_record(files.paths[n])]
    sizes = [sum(files.sizes), *(sum(files.sizes[n] for n in some) for some in (content, records))]
    return Measured({**{kind: (count,) for kind, count in entries.items()},
                     "files": (len(records), len(content), len(files))}, sizes)


def description_findings(values: Mapping[str, str], ours: Measured, codes: frozenset[str] | None, words: _Words
                         ) -> Iterator[Finding]:
    """Items that are required and missing; amounts that differ; a range of 档号 whose ends no entry has.

    codes: of all entries, compared by `key`; None = there is no catalogue. words: carrier_catalogues.toml.
    """
    def differs(reason: str, **facts: str | int) -> Finding:
        return Finding("catalogue-differs", "", None, {"reason": reason, **facts})

    missing = list(_missing(values, words))
    if missing:
        yield differs("label-missing", count=len(missing), examples="、".join(missing))
    for what, declared, actual in _amounts(values, ours, words["amounts"]):
        yield differs("size" if what == "bytes" else "amount", what=what, declared=declared, actual=actual)
    written = values.get("code_range", "")
    if written and codes is not None:
        ends = [key(end) for end in _RANGE.split(written) if end.strip()]
        absent = [end for end in ends if end not in codes]
        if absent and key(written) not in codes:
            yield differs("code-range", declared=written)


def _missing(values: Mapping[str, str], words: _Words) -> Iterator[str]:
    """The labels that are required and have no value, by the variant that most of the labels belong to."""
    required: Mapping[str, Sequence[str]] = words["required"]
    shared = set.intersection(*({n for item in items for n in item.split("|")} for items in required.values()))
    variant = max(required, key=lambda v: sum(n in values for item in required[v]
                                              for n in item.split("|") if n not in shared))
    for item in required[variant]:
        names = item.split("|")
        if not any(values.get(name) for name in names):
            yield str(words["labels"][names[0]][0])


def _amounts(values: Mapping[str, str], ours: Measured, units: Mapping[str, Sequence[str]]
             ) -> Iterator[tuple[str, str, int]]:
    """Amounts that are not what was counted: what, as declared, as found."""
    for what, name in (("items", "item_count"), ("volumes", "volume_count"), ("files", "file_count")):
        count, found = declared_count(values.get(name, "")), ours.counts.get(what)
        if count is not None and found and count not in found:
            yield what, values[name], found[0]
    size = values.get("byte_count", "")
    if re.search(r"\d", size) and not any(size_agrees(size, total) for total in ours.sizes):
        yield "bytes", size, ours.sizes[0]
    amount = unicodedata.normalize("NFKC", values.get("amount", "")).strip()[:LONGEST_VALUE]
    for number, unit in _AMOUNT.findall(amount):
        if not unit and number != amount:                       # a year, pages, minutes
            continue
        kinds = [what for what, texts in units.items() if unit.lower() in texts] or ["items", "volumes", "files"]
        if "bytes" in kinds:
            if not any(size_agrees(number + unit, total) for total in ours.sizes):
                yield "bytes", number + unit, ours.sizes[0]
            continue
        possible = [n for what in kinds for n in ours.counts.get(what, ())]
        if possible and "." not in number and int(number.replace(",", "")) not in possible:
            yield kinds[0], number + unit, possible[0]
