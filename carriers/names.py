"""Names as carriers record them: decoding that loses nothing, and what makes a name unsafe.

Takes raw bytes or decoded names, gives text; relies on nothing but the nouns. Bytes are never split at 0x5C, in
lists a separator: it may be the second byte of a character.
"""
from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from carriers.model import NAME_ENCODINGS

BIDI_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
SLASH = "\u2215"        # stands for a "/" inside a name, so that it cannot split a path


def decoded(raw: bytes) -> tuple[str, str]:
    """A recorded name as text, and the encoding where it was a guess ("" = ASCII or UTF-8, no guess).

    Returns: ("…", "gb18030") for a guess, ("…", "bytes") where nothing fits: each odd byte as a PEP 383 surrogate.
    """
    try:
        return raw.decode(), ""
    except UnicodeDecodeError:
        pass
    try:
        return raw.decode("gb18030"), "gb18030"
    except UnicodeDecodeError:
        return raw.decode("utf-8", "surrogateescape"), "bytes"


def decoded_as(raw: bytes, encoding: str) -> tuple[str, str]:
    """The same in a tree whose names are all taken for one encoding: bytes that UTF-8 could also explain too."""
    if raw.isascii():
        return raw.decode(), ""
    try:
        return raw.decode(encoding), encoding
    except UnicodeDecodeError:
        return raw.decode("utf-8", "surrogateescape"), "bytes"


def likely_encoding(raw_names: Iterable[bytes]) -> str:
    """The first of `NAME_ENCODINGS` that all these names can be in; the first of all where there is none."""
    wanted = set(raw_names)
    return next((encoding for encoding in NAME_ENCODINGS if all(_reads(raw, encoding) for raw in wanted)),
                NAME_ENCODINGS[0])


def _reads(raw: bytes, encoding: str) -> bool:
    """In GB18030 rare names of people are characters for private use; elsewhere those are bytes that mean nothing."""
    try:
        return raw.decode(encoding).isprintable() or encoding == NAME_ENCODINGS[0]
    except UnicodeDecodeError:
        return False


def is_surely_utf_8(name: str) -> bool:
    """A name decoded from UTF-8 with a character of three bytes or more, which GBK hardly ever looks like.

    Two bytes of UTF-8 (C2–DF, 80–BF) are a common character of GBK: 目录 is valid in both.
    """
    return any("\u0800" <= c < "\ud800" or c > "\udfff" for c in name)


def is_unsafe(name: str) -> bool:
    """A component that could leave its folder, split a path or deceive the eye: `..`, empty, /, controls, bidi."""
    if name in ("", ".", ".."):
        return True
    if name.isprintable():
        return "/" in name
    return any(c == "/" or c in BIDI_CONTROLS or unicodedata.category(c) == "Cc" for c in name)


def unsplit(name: str) -> str:
    """The name with every "/" replaced by `SLASH`."""
    return name.replace("/", SLASH)
