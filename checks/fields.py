"""情况表 fields: label and value pairs wherever they stand outside a table.

Takes rows of cells, gives identifier → text as written, relies on the labels in `form_columns.toml`. A value stands
in the label's own cell after the colon, or in the next cell to the right that is filled and no label.
"""
from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from carriers.model import Finding

from .normalise import identifiers, label, size_unit, words

LONGEST_LABEL, LONGEST_TEXT, LABEL_WORDS = 60, 4000, 8
_COLON = re.compile("[:：]")
_BRACKET = re.compile(r"(.+)\(([^()]*)\)")
_OPTIONAL = re.compile(r"\((.+)\)")


class Field(NamedTuple):
    """What a label names: one identifier, or two with the pattern that tells their values apart.

    optional: the label stands in brackets, `(联系人)`; without a value it is as if it did not stand there.
    """

    names: tuple[str, ...]
    pattern: str = ""
    unit: str = ""
    optional: bool = False


@cache
def _combined() -> Mapping[str, Field]:
    tables: Sequence[Mapping[str, Any]] = words()["combined"]
    return {label(text): Field(tuple(t["identifiers"]), t["pattern"]) for t in tables for text in t["labels"]}


def field_of(text: str) -> Field | None:
    """The field that a label names, in any usual writing (`单 位 名 称(盖章):`), None where it is no known label."""
    if len(text) > LONGEST_LABEL:
        return None
    key = label(text)
    single, combined = identifiers("fields"), _combined()
    if optional := _OPTIONAL.fullmatch(key):
        key = optional[1]
    unit = size_unit(key)
    while key:
        if key in single:
            return Field((single[key],), unit=unit, optional=optional is not None)
        if key in combined:
            return combined[key]._replace(optional=optional is not None)
        bracket = _BRACKET.fullmatch(key)
        key = bracket[1] if bracket else ""
    return None


def fields_in(cells: Sequence[str]) -> dict[str, str]:
    """The fields of one row; "" for a label that has no value."""
    found: dict[str, str] = {}
    waiting: Field | None = None                        # a label whose value may stand further right
    for text in cells:
        if not text or len(text) > LONGEST_TEXT or text.startswith(tuple(words()["words"]["remark_marks"])):
            continue
        pairs = _pairs_in(text)
        if waiting:
            _put(found, waiting, "" if pairs else text)
            waiting = None
        for field, value in pairs:
            if is_blank(value) and field is pairs[-1][0]:
                waiting = field
            else:
                _put(found, field, value)
    if waiting:
        _put(found, waiting, "")
    return found


def _pairs_in(text: str) -> list[tuple[Field, str]]:
    """The labels of one cell with the values that follow them there."""
    if field := field_of(text):
        return [(field, "")]
    *before, last = _COLON.split(text)
    pairs: list[tuple[Field, str]] = []
    for part in before:
        value, field = _label_at_end(part)
        if pairs:
            pairs[-1] = (pairs[-1][0], pairs[-1][1] + (value if field else part + ":"))
        elif value:
            return []                                   # a sentence, no label
        if field:
            pairs.append((field, ""))
    return [*pairs[:-1], (pairs[-1][0], pairs[-1][1] + last)] if pairs else []


def _label_at_end(part: str) -> tuple[str, Field | None]:
    """A text before a colon, split in the value that ends there and the label that the colon follows."""
    tokens = part.split()
    for count in range(min(len(tokens), LABEL_WORDS), 0, -1):
        if field := field_of("".join(tokens[-count:])):
            return " ".join(tokens[:-count]), field
    return part.strip(), None


def _put(found: dict[str, str], field: Field, text: str) -> None:
    """Record a value; the first that is not blank counts."""
    value = "" if is_blank(text) else text.strip()
    if field.optional and not value:
        return
    values: Sequence[str] = (value,)
    if field.pattern:
        match = re.fullmatch(field.pattern, unicodedata.normalize("NFKC", value))
        values = match.groups() if match else (value,) if value else ("",) * len(field.names)
    elif value and field.unit not in ("", "GB") and not size_unit(value):
        values = (value + field.unit,)
    for name, one in zip(field.names, values, strict=False):      # a text that does not fit: the first has it all
        if not found.get(name):
            found[name] = one.strip()


def is_blank(text: str) -> bool:
    """Whether a value is empty or only what a form prints to be written over (`____`, `  年  月  日`)."""
    return all(c.isspace() or c in words()["words"]["blank"] for c in text)


def missing_fields(fields: Mapping[str, str]) -> list[Finding]:
    """`form-field-missing` of a workbook: fields that its 情况表, or its bare 续表, must have (domain §5.1.1)."""
    rules, labels = words()["required"], words()["fields"]
    has_sheet = len(fields.keys() - set(rules["foot"])) >= rules["sheet_has"]
    wanted = [name for name in rules["fields"] if name in fields and (has_sheet or name in rules["list_alone"])]
    wanted += [name for name in rules["always"] if has_sheet and name not in fields]
    return [Finding("form-field-missing", facts={"field": name, "label": labels[name][0]})
            for name in wanted if not fields.get(name)]
