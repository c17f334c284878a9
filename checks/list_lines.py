"""What one line of a digest list says, whatever layout it stands in; and what a layout of text lists is.

Gives the types that the layouts share, and the reading of a record of labelled values (`Hash : …`, `文件: …`). Relies
on `form_columns.toml` for the labels, as tables do.
"""
from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from .normalise import ALGORITHM_OF_DIGITS, DIGEST_DIGITS, algorithm_named, is_number, split_digest
from .workbook import Header, header_of

LONGEST_PATH = 32_767              # characters, of Windows; Linux has 4096 bytes


class Entry(NamedTuple):
    """One digest of one file. digest: hex of a length that fits, else "" and the others tell why it is not trusted.

    digits: the length that fits no algorithm. reason: of `form-line-malformed`. number, column: what stands there
    instead of the digest, and where.
    """

    path: str
    algorithm: str
    digest: str
    declared_size: str = ""
    digits: int = 0
    reason: str = ""
    number: str = ""
    column: str = ""


class Said(NamedTuple):
    """What one line says, or a block of lines; line_no: of its first; text: for findings, "" where all is sound.

    entries: none = it cannot be trusted, for `reason`; path: the name that it then seems to speak of.
    """

    line_no: int
    text: str
    entries: Sequence[Entry] = ()
    reason: str = "layout"
    path: str = ""


Numbered = Iterable[tuple[int, str]]
Parse = Callable[[str], Sequence[Entry]]


class Reader(NamedTuple):
    """How the lines of one file are read: what begins a comment, and the parser (no entries = does not parse).

    quick: a pattern (digest, path) of the lines that have nothing to undo and nothing to doubt, for speed only.
    plain: the writing of a line that is this layout's beyond doubt, even where another layout could read it.
    """

    comments: tuple[str, ...]
    parse: Parse
    quick: re.Pattern[str] | None = None
    algorithm_of: Mapping[int, str] = ALGORITHM_OF_DIGITS
    plain: re.Pattern[str] | None = None


class Blocks(NamedTuple):
    """How a file is read whose lines speak of each other. read: yields what is said; the rest is no list's content."""

    read: Callable[[Numbered], Iterator[Said]]


class Layout(NamedTuple):
    """A kind of list. reader: given the first lines and the file's name, how it is read, or None where it cannot be."""

    name: str
    reader: Callable[[Sequence[str], str], Reader | Blocks | None]


def is_plausible(path: str) -> bool:
    """Whether a text can be a name at all."""
    return 0 < len(path) <= LONGEST_PATH and "\0" not in path and not path.isspace()


def entry_of(path: str, algorithm: str, digest: str, declared_size: str = "") -> Entry:
    """The entry of a digest in hex; not trusted where its length is not the algorithm's, or none is named."""
    fits = DIGEST_DIGITS.get(algorithm) == len(digest)
    return Entry(path, algorithm, digest.lower() if fits else "", declared_size, len(digest))


# --- records of labelled values ----------------------------------------------------------------------------------

_CUT = re.compile(r"\.\.\.|…")
CUT_PATH = re.compile(r"(?:\.\.\.|…)$|^…")       # no name on Windows ends in full stops


@lru_cache(maxsize=64)
def record_header(labels: tuple[str, ...]) -> Header | None:
    """The columns that labels name; None where they name no file, no digest, or the same label stands twice."""
    header = header_of(labels) if len(set(labels)) == len(labels) else None
    return header if header and header.columns.keys() & {"path", "name"} else None


def is_label(text: str) -> bool:
    """Whether a label alone is one of a file or of a digest."""
    return record_header((text, "MD5")) is not None or record_header((text, "Path")) is not None


def record_of(line_no: int, pairs: Sequence[tuple[str, str]]) -> Said:
    """What a record says: a name, and a digest under each label of one."""
    header = record_header(tuple(label for label, _ in pairs))
    if header is None:
        path = next((value for label, value in pairs if record_header((label, "MD5"))), "")
        return Said(line_no, shown_pairs(pairs), path=path)
    values = [value.strip() for _, value in pairs]
    columns = {name: values[at] for name, at in header.columns.items()}
    path, name = columns.get("path", ""), columns.get("name", "")
    if path and name and re.split(r"[/\\]", path)[-1] != name:
        return Said(line_no, shown_pairs(pairs), reason="names-differ", path=path)
    path = path or name
    size = columns.get("size", "")
    size = f"{size}B" if size.isascii() and size.isdigit() else size if any(map(str.isdigit, size)) else ""
    if "\n" in path:
        return Said(line_no, shown_pairs(pairs), reason="name")
    if CUT_PATH.search(path):
        return Said(line_no, shown_pairs(pairs), reason="cut", path=path)
    row = columns.get("algorithm", "") if len(header.digests) == 1 else ""
    entries = [_digest(path, values[column.at], size, (column.title, column.algorithm, row))
               for column in header.digests if values[column.at]]
    sound = entries and all(entry.digest for entry in entries)
    return Said(line_no, "" if sound else shown_pairs(pairs), entries, "digest-empty", path)


def shown_pairs(pairs: Sequence[tuple[str, str]]) -> str:
    """A record on one line, as a finding shows it."""
    return " | ".join(f"{label}: {value}" for label, value in pairs)


def _digest(path: str, written: str, size: str, names: tuple[str, str, str]) -> Entry:
    title, of_column, of_row = names
    if _CUT.search(written):
        return Entry(path, "", "", size, reason="cut")
    if is_number(written):
        return Entry(path, of_column, "", size, number=written, column=title)
    found = split_digest(written)
    named = {found[0] if found else "", of_column, algorithm_named(of_row) or of_row} - {""}
    if found is None or len(named) > 1:
        return Entry(path, "", "", size, reason="layout")
    return entry_of(path, next(iter(named), ALGORITHM_OF_DIGITS.get(len(found[1]), "")), found[1], size)
