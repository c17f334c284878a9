"""What a written value means: digests, labels, sizes, counts, security levels, and the encoding of a text.

Takes texts and bytes as a unit wrote them, gives plain values, relies on `form_columns.toml` for the words.
Names of files are never changed here: normalising them is a matter of binding.
"""
from __future__ import annotations

import codecs
import re
import tomllib
import unicodedata
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

_FILE = Path(__file__).with_name("form_columns.toml")
DIGEST_DIGITS = {"md5": 32, "sha1": 40, "sha256": 64, "sha512": 128, "sm3": 64, "crc32": 8}
ALGORITHM_OF_DIGITS = {32: "md5", 40: "sha1", 128: "sha512"}          # what a length alone tells (domain §3.9)
LONGEST_LINE = 1 << 20                                  # characters; no list has longer ones


@cache
def words() -> Mapping[str, Any]:
    """The tables of `form_columns.toml`."""
    return tomllib.loads(_FILE.read_text(encoding="utf-8"))


@cache
def identifiers(section: str) -> Mapping[str, str]:
    """Normalised label → identifier of one section ("columns", "algorithms", "scopes", "units", "fields", "words")."""
    table: Mapping[str, Sequence[str]] = words()[section]
    return {label(text): name for name, texts in table.items() for text in texts}


@lru_cache(maxsize=4096)
def label(text: str) -> str:
    """A header or label as it is compared: half width, no white space, lower case, no colon or star at its ends."""
    return "".join(unicodedata.normalize("NFKC", text).split()).casefold().strip(":*")


# --- digests ---------------------------------------------------------------------------------------------------

_ALGORITHM = r"(md-?5|sha(?:2?-)?(?:256|512)|sha-?1|sm-?3|crc-?32)"
_NAMED = re.compile(_ALGORITHM + r"(?![0-9a-z])", re.IGNORECASE)
_PREFIX = re.compile(_ALGORITHM + r"\s*(?:[:=]|\s)\s*(.*)", re.IGNORECASE | re.DOTALL)
_SUFFIX = re.compile(r"(.*?)\s*[(\[]" + _ALGORITHM + r"[)\]]", re.IGNORECASE | re.DOTALL)
_HEX = re.compile(r"[0-9a-f]+")
_PLAIN = re.compile(r"[0-9A-Fa-f]{32}(?:[0-9A-Fa-f]{8}|[0-9A-Fa-f]{32})?")
_NUMBER = re.compile(r"\d+(?:\.\d+)?[eE]\+\d+|\d+\.\d+")


@lru_cache(maxsize=1024)
def algorithm_named(text: str) -> str:
    """The one algorithm that a text names, "" where it names none or several."""
    known = identifiers("algorithms")
    names = {known[label(found)] for found in _NAMED.findall(unicodedata.normalize("NFKC", text))}
    return names.pop() if len(names) == 1 else ""


def split_digest(text: str) -> tuple[str, str] | None:
    """A written digest as (algorithm it names or "", lower-case hex of any length); None where it is not hex.

    Half width; white space, colons, hyphens inside, `0x` and the name of the algorithm (`MD5:`, `md5=`) taken off.
    """
    if _PLAIN.fullmatch(text):
        return "", text.lower()
    plain = unicodedata.normalize("NFKC", text).strip().strip("'\"`")
    named = ""
    if match := _PREFIX.fullmatch(plain):
        named, plain = match[1], match[2]
    elif match := _SUFFIX.fullmatch(plain):
        plain, named = match[1], match[2]
    digits = re.sub(r"[\s:\-\u2010-\u2015]", "", plain).casefold().removeprefix("0x")
    if not _HEX.fullmatch(digits):
        return None
    return (identifiers("algorithms")[label(named)] if named else "", digits)


def is_number(text: str) -> bool:
    """Whether a text is what a spreadsheet leaves of an all-digit digest: `1.23457E+31`, or digits of no length."""
    if not text[:1].isdigit() or _PLAIN.fullmatch(text):
        return False
    plain = unicodedata.normalize("NFKC", text).strip()
    if _NUMBER.fullmatch(plain):
        return True
    return plain.isascii() and plain.isdigit() and len(plain) not in DIGEST_DIGITS.values()


# --- values of fields ------------------------------------------------------------------------------------------

_COUNT = re.compile(r"(\d{1,3}(?:,\d{3})+|\d{1,18})(?:\.0+)?\s*[^\d\s.,]{0,4}")
_SIZE = re.compile(r"(\d[\d,]{0,30}(?:\.\d{1,20})?)\s*([a-z]+|[\u4e00-\u9fff]+)?", re.IGNORECASE)
_POWERS = {"B": 0, "KB": 1, "MB": 2, "GB": 3, "TB": 4, "KiB": 1, "MiB": 2, "GiB": 3, "TiB": 4}


def declared_count(text: str) -> int | None:
    """A count as written (`12480`, `12,480`, full width, `12480件`); None where it is not one plain number."""
    match = _COUNT.fullmatch(unicodedata.normalize("NFKC", text).strip())
    return int(match[1].replace(",", "")) if match else None


@lru_cache(maxsize=1024)
def size_unit(text: str) -> str:
    """The unit that a header or a size names (B, KB, MB, GB, TB, KiB …), "" where it names none."""
    known = identifiers("units")
    folded = label(text)
    inner = re.search(r"[(\[/:]([^()\[\]]+)[)\]]?$", folded)
    if folded in known or (inner and inner[1] in known):
        return known[folded if folded in known else inner[1] if inner else ""]
    match = _SIZE.search(folded)
    return known.get(match[2] or "", "") if match else ""


def size_bytes(text: str) -> int | None:
    """A declared size in bytes, to the base 1024 (domain §5.5), GB where no unit is written; None = no number there.

    Where bytes are written beside a rounded figure, the bytes count.
    """
    found = _SIZE.findall(unicodedata.normalize("NFKC", text))
    known = identifiers("units")
    sizes = [(number.replace(",", ""), known.get(label(unit), "")) for number, unit in found]
    number, unit = next((s for s in sizes if s[1] == "B"), sizes[0] if sizes else ("", ""))
    return round(Decimal(number) * 1024 ** _POWERS[unit or "GB"]) if number else None


def size_agrees(declared: str, actual_bytes: int) -> str:
    """Whether a declared size is the actual one, either base, within half the last digit written (domain §10.5).

    Returns: "" where it is not; else what matched: "bytes", "1024", "1000". Without a unit: bytes, then GB. Where
    bytes are written beside a rounded figure, the bytes count.
    Raises: ValueError where no number is written.
    """
    found = _SIZE.findall(unicodedata.normalize("NFKC", declared))
    if not found:
        raise ValueError(declared)
    known = identifiers("units")
    sizes = [(number.replace(",", ""), known.get(label(unit), "")) for number, unit in found]
    number, unit = next((s for s in sizes if s[1] == "B"), sizes[0])
    value = Decimal(number)
    if unit in ("", "B") and value == actual_bytes:
        return "bytes"
    exponent = value.as_tuple().exponent
    half = Decimal(5).scaleb((exponent if isinstance(exponent, int) else 0) - 1)
    power = _POWERS[unit or "GB"]
    for base in (1024, 1000) if power and not unit.endswith("iB") else (1024,) if power else ():
        # Half a byte at least: a spreadsheet's own division has more digits than it can be held to.
        if abs(value * base ** power - actual_bytes) <= max(half * base ** power, Decimal("0.5")):
            return str(base)
    return ""


def is_classified(text: str) -> bool:
    """Whether a security level is 秘密 or above, in any usual writing; in doubt it is."""
    return classified_word(text) != ""


def classified_word(text: str) -> str:
    """The word by which a security level is 秘密 or above, "" where it is not."""
    plain = label(text)
    lists: Mapping[str, Sequence[str]] = words()["words"]
    for harmless in lists["not_classified"]:
        plain = plain.replace(harmless, "")
    return next((word for word in lists["classified"] if word in plain), "")


_PIECE_END = re.compile(r"[\W_]+|(?<=\d)(?=\D)|(?<=\D)(?=\d)")


def says_catalogue_package(texts: Iterable[str], name: str) -> bool:
    """Whether a line's texts or the name of its file say that it is the 目录 package, and none says the other one."""
    written = (*texts, name)
    if not any(map(_catalogue_letters().search, written)):           # as nearly always
        return False
    rules = words()["packages"]
    catalogue, pieces = tuple(rules["catalogue"]), [p for text in (*texts, _file_name(name)) for p in _pieces(text)]
    if any(word in piece for piece in pieces for word in rules["entity"]):
        return False
    return any(piece.endswith(catalogue) and not any(word in piece for word in rules["more"]) for piece in pieces)


@cache
def _catalogue_letters() -> re.Pattern[str]:
    return re.compile("[" + "".join({word[0] for word in words()["packages"]["catalogue"]}) + "]")


def is_catalogue_name(path: str) -> bool:
    """Whether a file on a carrier calls itself the 目录 package."""
    pieces = _pieces(_file_name(path))
    rules = words()["packages"]
    return any(piece.endswith(tuple(rules["catalogue"])) or piece in rules["catalogue_names"] for piece in pieces)


def _file_name(path: str) -> str:
    return path.replace("\\", "/").rpartition("/")[2]


@lru_cache(maxsize=4096)
def _pieces(text: str) -> tuple[str, ...]:
    """A text cut at signs and between letters and digits."""
    return tuple(filter(None, _PIECE_END.split(label(text)))) if text else ()


# --- text ------------------------------------------------------------------------------------------------------

_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


def encoding_of(chunks: Sequence[bytes]) -> str:
    """The one encoding of a text: its mark, the pattern of NULs, strict UTF-8, strict GB18030; "" where none fits.

    A text that is UTF-8 in most of its non-ASCII lines but not in all is none: read as GB18030 every name would be
    another, and files that are there would be missing.
    """
    head = chunks[0][:4096] if chunks else b""
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding if decodes(chunks, encoding) else ""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if max(even, odd) * 5 >= len(head) // 2 > 0 and min(even, odd) * 20 <= max(even, odd):
        encoding = "utf-16-le" if odd > even else "utf-16-be"
        return encoding if decodes(chunks, encoding) else ""
    if all(chunk.isascii() for chunk in chunks) or decodes(chunks, "utf-8"):
        return "utf-8"
    return "gb18030" if decodes(chunks, "gb18030") and not _mostly_utf8(chunks) else ""


def decodes(chunks: Sequence[bytes], encoding: str) -> bool:
    """Whether a text is of this encoding throughout."""
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for chunk in chunks:
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _mostly_utf8(chunks: Sequence[bytes]) -> bool:
    lines = [line for chunk in chunks for line in chunk.split(b"\n") if not line.isascii()]
    good = sum(decodes((line,), "utf-8") for line in lines)
    return good >= 2 and good * 2 > len(lines)


def text_lines(chunks: deque[bytes], encoding: str) -> Iterator[str]:
    """The lines of a text, without their ends; the chunks are used up on the way, so that memory is given back.

    A line ends with LF or CRLF (as `md5sum -c` reads); with CR in a text that has no LF at first. Nothing else ends
    a line: names may hold U+0085, U+2028 and form feeds.
    Raises: OverflowError where a line is longer than any list has.
    """
    decoder = codecs.getincrementaldecoder(encoding)()
    pending, end = "", ""
    while chunks:
        text = pending + decoder.decode(chunks.popleft(), final=not chunks)
        if not end:
            text = text.removeprefix("\ufeff")
            end = "\r" if "\r" in text and "\n" not in text else "\n"
        if "\r\n" in text:
            text = text.replace("\r\n", "\n")
        *lines, pending = text.split(end)
        if len(pending) > LONGEST_LINE:
            raise OverflowError(len(pending))
        yield from lines
    if pending:
        yield pending.removesuffix("\r")


def text_pieces(chunks: deque[bytes], encoding: str) -> Iterator[str]:
    """A text as it stands, in pieces; the chunks are used up on the way."""
    decoder = codecs.getincrementaldecoder(encoding)()
    yield decoder.decode(chunks.popleft(), final=not chunks).removeprefix("\ufeff")
    while chunks:
        yield decoder.decode(chunks.popleft(), final=not chunks)
