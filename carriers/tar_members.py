"""The members of tar archives, found header by header: ustar, GNU (long names, sparse), pax, and older ones.

Takes bytes by their place in the archive, asked for in ascending order (a file or a tape will do); gives members with
where their content lies, and what was damaged. A header that is no header is noted and the next one searched for.
Source: POSIX.1-2017 pax, "ustar Interchange Format" and "pax Header Block"; GNU tar manual, "Basic Tar Format",
"Storing Sparse Files".
"""
from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

BLOCK = 512
_EXTENSION_BYTES = 16 << 20     # of a long name or an extended header
_MOST_PIECES = 1_000_000        # of a sparse file
_SEARCH_BYTES = 64 << 10
_ZEROS = bytes(BLOCK)
_NUMBER = re.compile(r"[0-9]{1,18}")
_OCTAL = re.compile(rb"[0-7]{1,20}")
_REGULAR = frozenset(b"07\0S")
_SPECIAL = {ord("2"): "symlink", ord("3"): "character-device", ord("4"): "block-device", ord("6"): "fifo"}


class Bytes(Protocol):
    """Where an archive's bytes come from."""

    def read(self, offset: int, length: int) -> bytes | None:
        """Up to this many bytes from there; fewer at the end, none behind it; None where they cannot be read."""
        ...


class Piece(NamedTuple):
    """A stretch of content. at: in the archive, -1 = zeros that are not recorded."""

    at: int
    length: int


@dataclass(frozen=True, slots=True)
class Member:
    """A file of an archive. name, link: as recorded. link: of a hard link, the member whose content it has.

    kind: "" = a regular file; else what it is instead. end: where the next header is due.
    """

    name: bytes
    size: int
    pieces: tuple[Piece, ...]
    end: int
    kind: str = ""
    link: bytes = b""


class Damage(NamedTuple):
    """Something that is no header, or cannot be read; the next header is at `end`, or nothing more came before it.

    what: a word for `structure-damaged`. length: bytes that were passed over; 0 = the search goes on.
    """

    what: str
    at: int
    length: int
    end: int


class End(NamedTuple):
    """The end of an archive. at: where its zeros begin; marked: whether they are there."""

    at: int
    marked: bool
    end: int


class Header(NamedTuple):
    """A header block whose checksum is right."""

    name: bytes
    size: int
    typeflag: int
    linkname: bytes
    raw: bytes


@dataclass(slots=True)
class _Pending:
    """What extension headers say of the member that follows."""

    name: bytes = b""
    link: bytes = b""
    records: list[tuple[str, bytes]] = field(default_factory=list)
    damaged: bool = False

    def value(self, key: str) -> bytes:
        return next((value for name, value in reversed(self.records) if name == key), b"")


def read_header(block: bytes) -> Header | None:
    """A header, None where the block is none: its checksum must be right, and its size a number."""
    if len(block) < BLOCK or block[:BLOCK] == _ZEROS:
        return None
    rest, size = block[:148] + b" " * 8 + block[156:BLOCK], number_of(block[124:136])
    over = number_of(block[148:156]) - sum(rest)
    if over and over != -256 * sum(byte > 127 for byte in rest) or not 0 <= size < 1 << 60:
        return None                                             # (signed bytes were summed by tars of old)
    name = block[:100].split(b"\0")[0]
    prefix = block[345:500].split(b"\0")[0] if block[257:263] == b"ustar\0" else b""
    return Header(prefix + b"/" + name if prefix else name, size, block[156], block[157:257].split(b"\0")[0],
                  block[:BLOCK])


def number_of(text: bytes) -> int:
    """A number of a header: octal, or of base 256 (GNU); -1 where it is none. Nothing at all is 0."""
    if text[:1] >= b"\x80":
        return int.from_bytes(bytes([text[0] & 0x7F]) + text[1:], "big") if text[0] < 0xC0 else -1
    digits = text.strip(b" \0").split(b"\0")[0].rstrip(b" ")
    return int(digits, 8) if _OCTAL.fullmatch(digits) else -1 if digits else 0


def is_header(block: bytes) -> bool:
    """Whether an archive begins with this block; of one without the magic of ustar more is asked."""
    header = read_header(block)
    if header is None or block[257:262] == b"ustar":
        return header is not None
    return bool(header.name) and header.typeflag in b"\x0001234567" and not any(block[345:BLOCK])


def members(source: Bytes, start: int, globals_: dict[str, bytes], ended: bool = True
            ) -> Iterator[Member | Damage | End]:
    """All members from this header on, of one archive after the other, until no more bytes come.

    Args: globals_: what pax global headers say; kept up to date, so that a later call can go on at a member.
          ended: no archive is open here. A member's content is passed over by whoever asks for the next one.
    """
    at, pending, looking = start, _Pending(), False
    while True:
        block = source.read(at, BLOCK)
        if block is not None and len(block) < BLOCK:
            if pending.name or pending.records or pending.damaged or any(block):
                yield Damage("tar-header", at, len(block), at + len(block))
            if not ended:
                yield End(at, False, at + len(block))
            return
        if block == _ZEROS:
            if not ended:
                yield End(at, True, at + BLOCK)
            at, ended, pending, looking = at + BLOCK, True, _Pending(), False
            continue
        header = read_header(block) if block is not None else None
        if header is None or (looking and block is not None and block[257:262] != b"ustar"):
            found = _searched(source, at + BLOCK)
            yield Damage("tar-header" if block is not None else "tar-unreadable", at, found - at, found)
            at, pending, ended, looking = found, _Pending(), False, True
            continue
        ended = looking = False
        if header.typeflag in b"LKxXg":
            at = _extend(source, at, header, (pending, globals_))
            continue
        if header.typeflag == ord("V"):                         # the name of a volume, no file
            at, pending = at + BLOCK, _Pending()
            continue
        if pending.damaged:
            yield Damage("tar-extension", at, 0, at)
        member = _member(source, at, header, (pending, globals_))
        yield member
        at, pending = member.end, _Pending()


def _searched(source: Bytes, at: int) -> int:
    """The next block that may be a header, or zeros, no further than `_SEARCH_BYTES`, or the end."""
    limit = at + _SEARCH_BYTES
    while at < limit:
        block = source.read(at, BLOCK)
        if block is None:
            at += BLOCK
            continue
        if len(block) < BLOCK or block == _ZEROS or (block[257:262] == b"ustar" and read_header(block) is not None):
            return at + (len(block) if len(block) < BLOCK else 0)
        at += BLOCK
    return at


def _padded(length: int) -> int:
    return -(-length // BLOCK) * BLOCK


def _extend(source: Bytes, at: int, header: Header, into: tuple[_Pending, dict[str, bytes]]) -> int:
    """Take up an extension header. Returns: where the next header is due."""
    pending, globals_ = into
    end = at + BLOCK + _padded(header.size)
    content = source.read(at + BLOCK, header.size) if header.size <= _EXTENSION_BYTES else None
    if content is None or len(content) < header.size:
        pending.damaged = True
    elif header.typeflag == ord("L"):
        pending.name = content.split(b"\0")[0]
    elif header.typeflag == ord("K"):
        pending.link = content.split(b"\0")[0]
    else:
        records = pax_records(content)
        if records is None:
            pending.damaged = True
        elif header.typeflag == ord("g"):
            globals_.update(records)
        else:
            pending.records += records
    return end


def pax_records(content: bytes) -> list[tuple[str, bytes]] | None:
    """The records `length key=value` of an extended header, None where they are not what they must be."""
    records: list[tuple[str, bytes]] = []
    at = 0
    while at < len(content):
        head, space, _ = content[at:at + 20].partition(b" ")
        if not space or not head.isdigit() or not len(head) + 3 <= int(head) <= len(content) - at:
            return None
        record = content[at + len(head) + 1:at + int(head)]
        key, equals, value = record[:-1].partition(b"=")
        if not equals or record[-1:] != b"\n":
            return None
        records.append((key.decode("utf-8", "replace"), value))
        at += int(head)
    return records


def _member(source: Bytes, at: int, header: Header, said: tuple[_Pending, Mapping[str, bytes]]) -> Member:
    """A member with all that its extension headers say."""
    pending, globals_ = said

    def value(key: str) -> bytes:
        return pending.value(key) or globals_.get(key, b"")
    name = value("GNU.sparse.name") or value("path") or pending.name or header.name
    link = value("linkpath") or pending.link or header.linkname
    stored = _decimal(value("size"), header.size)
    first = at + BLOCK
    if header.typeflag in _SPECIAL or header.typeflag == ord("5") or (
            header.typeflag in b"0\0" and name.endswith(b"/") and not stored):
        return Member(name, 0, (), first, _SPECIAL.get(header.typeflag, "directory"), link)
    if header.typeflag == ord("1") and not (stored and _has_content(source, first, pending)):
        return Member(name, 0, (), first, "link", link)
    if header.typeflag == ord("D"):                             # GNU: a list of the directory's names
        return Member(name, 0, (), first + _padded(stored), "directory")
    if header.typeflag == ord("M"):
        return Member(name, 0, (), first + _padded(stored), "continuation")
    if header.typeflag not in _REGULAR | {ord("1")}:            # POSIX: treated as a regular file
        return Member(name, stored, _plain(first, stored), first + _padded(stored), "")
    if header.typeflag == ord("S"):
        return _old_sparse(source, at, header, (name, stored))
    if value("GNU.sparse.major") or value("GNU.sparse.map") or value("GNU.sparse.numblocks"):
        return _pax_sparse(source, first, (name, stored), pending)
    return Member(name, stored, _plain(first, stored), first + _padded(stored))


def _has_content(source: Bytes, first: int, pending: _Pending) -> bool:
    """Whether a hard link of some size has content after it: always in pax; tars of old gave the size alone."""
    if pending.records:
        return True
    block = source.read(first, BLOCK) or b""
    return len(block) == BLOCK and block != _ZEROS and not is_header(block)


def _decimal(text: bytes, otherwise: int) -> int:
    shown = text.decode("ascii", "replace")
    return int(shown) if _NUMBER.fullmatch(shown) else otherwise


def _plain(at: int, length: int) -> tuple[Piece, ...]:
    return (Piece(at, length),) if length else ()


def _old_sparse(source: Bytes, at: int, header: Header, named: tuple[bytes, int]) -> Member:
    """GNU's first way: four pieces in the header, 21 in each block after it."""
    name, stored = named
    texts, more, real_size = header.raw[386:482], header.raw[482], number_of(header.raw[483:495])
    first = at + BLOCK
    while more and len(texts) < 24 * _MOST_PIECES:
        block = source.read(first, BLOCK)
        if block is None or len(block) < BLOCK:
            return Member(name, 0, (), first + _padded(stored), "sparse")
        texts, more, first = texts + block[:504], block[504], first + BLOCK
    numbers = [number_of(texts[n:n + 12]) for n in range(0, len(texts), 12) if texts[n:n + 12].strip(b" \0")]
    return _sparse((name, stored), first, (numbers, real_size), first + _padded(stored))


def _pax_sparse(source: Bytes, first: int, named: tuple[bytes, int], pending: _Pending) -> Member:
    """GNU's formats 0.0 and 0.1 (pieces in the extended header) and 1.0 (before the content)."""
    name, stored = named
    end = first + _padded(stored)
    real_size = _decimal(pending.value("GNU.sparse.realsize") or pending.value("GNU.sparse.size"), -1)
    if not pending.value("GNU.sparse.major"):
        texts = pending.value("GNU.sparse.map").split(b",") if pending.value("GNU.sparse.map") else \
            [value for key, value in pending.records if key in ("GNU.sparse.offset", "GNU.sparse.numbytes")]
        return _sparse((name, stored), first, ([_decimal(text, -1) for text in texts], real_size), end)
    texts, read = list[bytes](), 0
    rest = b""
    while not texts or len(texts) < 1 + 2 * _decimal(texts[0], 0):
        block = source.read(first + read, BLOCK) if read < min(stored, _EXTENSION_BYTES) else None
        if block is None or len(block) < BLOCK:
            return Member(name, 0, (), end, "sparse")
        *more, rest = (rest + block).split(b"\n")
        texts, read = texts + more, read + BLOCK
    count = _decimal(texts[0], 0)
    numbers = [_decimal(text, -1) for text in texts[1:1 + 2 * count]]
    return _sparse((name, stored - read), first + read, (numbers, real_size), end)


def _sparse(named: tuple[bytes, int], first: int, said: tuple[list[int], int], end: int) -> Member:
    """The pieces of a sparse file; one whose map makes no sense is of kind "sparse" and has no content."""
    name, stored = named
    numbers, real_size = said
    pieces: list[Piece] = []
    at = used = 0
    for offset, length in zip(numbers[::2], numbers[1::2], strict=False):
        if offset < at or length < 0 or offset + length > real_size or used + length > stored:
            return Member(name, 0, (), end, "sparse")
        if offset > at:
            pieces.append(Piece(-1, offset - at))
        if length:
            pieces.append(Piece(first + used, length))
        at, used = offset + length, used + length
    if real_size < at or len(numbers) % 2 or used != stored:
        return Member(name, 0, (), end, "sparse")
    if real_size > at:
        pieces.append(Piece(-1, real_size - at))
    return Member(name, real_size, tuple(pieces), end)
