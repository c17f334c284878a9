"""XML from a carrier: decoded first and checked, then parsed within bounds; nothing it says can make us fetch or grow.

Takes bytes and handlers, gives calls of the handlers, or `Broken` with the reason and the line. Relies on expat, which
does not know GB18030 and is therefore handed text. Document types and with them entities are refused, so that every
bound is the size of the file itself.
Source: XML 1.0 §2.8, §4.3.3; domain §2.2 (GB18030, GB2312 and UTF-8 are allowed).
"""
from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Mapping
from typing import NamedTuple
from xml.parsers import expat

from .normalise import encoding_of

DEPTH_AT_MOST, ELEMENTS_AT_MOST = 64, 2_000_000

_DECLARATION = re.compile(rb"<\?xml\s[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']")
_FAMILIES = {"utf-8": "utf-8", "utf8": "utf-8", "gb18030": "gb18030", "gb2312": "gb18030", "gbk": "gb18030",
             "gb_2312-80": "gb18030", "x-gbk": "gb18030", "cp936": "gb18030", "utf-16": "utf-16", "utf-16le": "utf-16",
             "utf-16be": "utf-16", "us-ascii": "utf-8"}
_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_SURELY_UTF8 = 4            # Chinese characters; GB18030 bytes read as that many by chance once in millions


class Broken(Exception):
    """The text cannot be had, or not be parsed. reason: of the finding `metadata-damaged`; line: from 1."""

    def __init__(self, reason: str, line: int) -> None:
        super().__init__(reason, line)
        self.reason, self.line = reason, line


class Decoded(NamedTuple):
    """A text, the encoding it is in, and the one it declares where that is another ("" = they agree)."""

    text: str
    encoding: str
    declared: str


def decoded(raw: bytes) -> Decoded:
    """The text of an XML file: by its mark, by its declaration, else by trial.

    Raises: Broken("encoding"), its line the first that does not decode as declared.
    """
    match = _DECLARATION.search(raw[:512].replace(b"\0", b""))
    named = match[1].decode() if match else ""
    family = _FAMILIES.get(named.lower(), "") if named else "utf-8"           # what XML says of no declaration
    text = None
    if family in ("utf-8", "gb18030") and not raw.startswith(_MARKS):
        text, encoding = _strictly(raw, family), family
        if family == "gb18030" and text is not None and (other := _by_surprise_utf8(raw)):
            text, encoding = other, "utf-8"
    if text is None:
        encoding = encoding_of([raw])
        text = _strictly(raw, encoding) if encoding else None
    if text is None:
        raise Broken("encoding", _bad_line(raw, family if family in ("utf-8", "gb18030") else "utf-8"))
    found = "utf-16" if encoding.startswith("utf-16") else encoding.removesuffix("-sig")
    agrees = found == family or raw.isascii() or (not named and raw.startswith(_MARKS))
    return Decoded(text.removeprefix("\ufeff"), encoding, "" if agrees else named or "-")


def _strictly(raw: bytes, encoding: str) -> str | None:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        return None


def _by_surprise_utf8(raw: bytes) -> str | None:
    """The text of bytes that say GB18030 and are UTF-8 beyond doubt."""
    text = None if raw.isascii() else _strictly(raw, "utf-8")
    found = re.finditer("[\u4e00-\u9fff]", text or "")
    return text if sum(1 for _ in zip(range(_SURELY_UTF8), found, strict=False)) == _SURELY_UTF8 else None


def _bad_line(raw: bytes, encoding: str) -> int:
    try:
        raw.decode(encoding)
    except UnicodeDecodeError as error:
        return raw.count(b"\n", 0, error.start) + 1
    return 1


class Handlers(NamedTuple):
    """start: given a name and its attributes, says whether the text inside is wanted; end: is given that text."""

    start: Callable[[str, Mapping[str, str]], bool]
    end: Callable[[str, str], None]


def walk(text: str, handlers: Handlers) -> None:
    """Parse a whole text.

    Raises: Broken: syntax, dtd, depth, too-many.
    """
    parser = expat.ParserCreate()
    parser.buffer_text = True
    depth = elements = 0
    pieces: list[str] = []
    on_start, on_end = handlers
    gather = pieces.append

    def start(name: str, attributes: Mapping[str, str]) -> None:
        nonlocal depth, elements
        depth += 1
        elements += 1
        if depth > DEPTH_AT_MOST:
            raise Broken("depth", parser.CurrentLineNumber)
        if elements > ELEMENTS_AT_MOST:
            raise Broken("too-many", parser.CurrentLineNumber)
        if on_start(name, attributes):
            pieces.clear()
            parser.CharacterDataHandler = gather

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        parser.CharacterDataHandler = None
        on_end(name, "".join(pieces) if pieces else "")
        pieces.clear()

    def doctype(*_: object) -> None:
        raise Broken("dtd", parser.CurrentLineNumber)

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(text, True)
    except expat.ExpatError as error:
        raise Broken("syntax", error.lineno) from error
