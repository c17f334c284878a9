"""The catalogue: every finding code with its severity, clause and words; every refusal with its next step.

Takes `catalogue.toml` (data), gives rows and rendered texts, relies on nothing. The words of a finding are fixed in
the verdict on the day it is made; a later catalogue never changes an old verdict.
"""
from __future__ import annotations

import hashlib
import tomllib
import unicodedata
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

_FILE = Path(__file__).with_name("catalogue.toml")
LANGUAGES = ("zh", "en")


@cache
def _catalogue() -> tuple[dict[str, Any], str]:
    raw = _FILE.read_bytes()
    return tomllib.loads(raw.decode()), hashlib.sha256(raw).hexdigest()


def catalogue_sha256() -> str:
    """SHA-256 of the catalogue as it stands in this installation."""
    return _catalogue()[1]


def findings() -> Mapping[str, Mapping[str, Any]]:
    """code → row {check, severity, clause, zh, en, do_zh, do_en, at, in}."""
    rows: Mapping[str, Mapping[str, Any]] = _catalogue()[0]["findings"]
    return rows


def appearance() -> Mapping[str, Mapping[str, Any]]:
    """外观: item → row {zh, en, good_zh, good_en, good: answers that mean 通过, bad: that do not}."""
    rows: Mapping[str, Mapping[str, Any]] = _catalogue()[0]["appearance"]
    return rows


def severity_of(code: str, place: str, profile: str) -> str:
    """The severity of a code at a place (facts["place"]) under a profile; the place is asked first."""
    row = findings()[code]
    at: Mapping[str, str] = row.get("at", {})
    within: Mapping[str, str] = row.get("in", {})
    return str(at.get(place) or within.get(profile) or row["severity"])


def words(section: str, code: str, facts: Mapping[str, object]) -> dict[str, str]:
    """The texts of a row in all languages, facts filled in, hostile characters shown escaped.

    section: "findings" (wording), "do" (what to do about it, "" = nothing), "errors" (refusals) or "phrases".
    Raises: KeyError where the row or a fact it names is missing.
    """
    prefix = "do_" if section == "do" else ""
    row = _catalogue()[0]["findings" if section == "do" else section][code]
    row = {**row, **row.get("by", {}).get(str(facts.get("reason", "")), {})}
    values: Mapping[str, Mapping[str, Mapping[str, str]]] = _catalogue()[0].get("values", {})
    texts = {}
    for lang in LANGUAGES:
        safe = {key: values.get(key, {}).get(str(value), {}).get(lang) or shown(str(value))
                for key, value in facts.items()}
        texts[lang] = str(row.get(prefix + lang, "") if prefix else row[lang]).format_map(safe)
        if section == "findings" and facts.get("list"):
            texts[lang] = str(_catalogue()[0]["phrases"]["of-list"][lang]).format_map({**safe, "text": texts[lang]})
    return texts


_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def shown(text: str) -> str:
    """Text from a carrier or a form as it may be shown: control, bidi and undecodable characters escaped."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escaped(c) if _hostile(c) else c for c in text)


def _hostile(c: str) -> bool:
    return c in _BIDI or unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def _escaped(c: str) -> str:
    code = ord(c)
    if 0xDC80 <= code <= 0xDCFF:                       # a byte that no encoding explained (PEP 383)
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
