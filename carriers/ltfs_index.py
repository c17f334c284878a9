"""The two XML documents of LTFS: the label of a partition, and an index, read as a stream.

Takes bytes as they come off the tape; gives a `Label` or an `Index` with the files in columns. Both are hostile: no
DTD, no entities, bounds on depth, text and entries; what cannot be made sense of in one entry costs that entry only.
Source: SNIA LTFS Format Specification 2.4 (ISO/IEC 20919) §8.1.2 (label), §9.2 (index), §7.4 (names), §6 (extents);
names of elements as there.
"""
from __future__ import annotations

import base64
import binascii
import re
from array import array
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import unquote_to_bytes
from xml.parsers import expat

import xxhash

from carriers import names
from carriers.iso9660 import damaged
from carriers.model import HOLE, Extent, FileEntry, Files, Finding

LABEL_BYTES = 64 << 10          # of a label
MOST_ENTRIES = 4_000_000        # files and directories of an index
_MOST_EXTENTS = 1_000_000       # of one file
_DEPTH = 2048                   # elements within each other: 1024 directories
_TEXT = 64 << 10                # characters of one element
_ROOT = b"<directory"
_NUMBER = re.compile(r"[0-9]{1,15}")
_VERSION = re.compile(r"([0-9]{1,3})\.([0-9]{1,3})(?:\.[0-9]{1,6})?")
_HASHES = {"ltfs.hash.crc32sum": ("crc32", 4), "ltfs.hash.md5sum": ("md5", 16), "ltfs.hash.sha1sum": ("sha1", 20),
           "ltfs.hash.sha256sum": ("sha256", 32), "ltfs.hash.sha512sum": ("sha512", 64)}


class Broken(Exception):
    """A document that cannot be used at all; the argument is a word for `what` of `structure-damaged`."""


class Location(NamedTuple):
    """Where an index lies. partition: its letter; block: -1 where it is not said."""

    partition: str = ""
    block: int = -1


@dataclass(frozen=True, slots=True)
class Label:
    """The LTFS label of one partition. volume_identifier: of the VOL1 label before it, six characters of the bar code.

    Texts are as recorded. partition: the letter of this one; index, data: letters of the volume's two.
    """

    version: str
    volume_identifier: str
    volumeuuid: str
    formattime: str
    blocksize: int
    compression: str
    partition: str
    index: str
    data: str


class Partition(NamedTuple):
    """A partition for addresses. base: the address of its first block; blocks: how many lie before its end of data."""

    base: int
    blocks: int


@dataclass(slots=True)
class Index:
    """An index. volume_name: the name of its root. body: XXH3 of all from the root directory on, which an index and
    its copy on the other partition have in common."""

    version: str = ""
    volumeuuid: str = ""
    generationnumber: int = -1
    location: Location = Location()
    previousgenerationlocation: Location = Location()
    volume_name: str = ""
    body: str = ""
    files: Files = field(default_factory=Files)
    findings: list[Finding] = field(default_factory=list)


def version_of(text: str) -> tuple[int, int]:
    """(major, minor) of a version, (0, 0) where it is none."""
    match = _VERSION.fullmatch(text)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def read_label(vol1: bytes, raw: bytes) -> Label:
    """The label of a partition from its two records. Raises: Broken. Source: §8.1."""
    if len(vol1) != 80 or vol1[:4] != b"VOL1" or vol1[24:28] != b"LTFS":
        raise Broken("ltfs-label")
    found: dict[str, str] = {}
    stack: list[str] = []
    version = ""

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal version
        stack.append(tag)
        if len(stack) == 1:
            version = attributes.get("version", "") if tag == "ltfslabel" else ""

    def text(content: str) -> None:
        found["/".join(stack[1:])] = found.get("/".join(stack[1:]), "") + content
    parser = _parser()
    parser.StartElementHandler, parser.CharacterDataHandler = start, text
    parser.EndElementHandler = lambda _: stack.pop()
    try:
        parser.Parse(raw[:LABEL_BYTES].rstrip(b"\0"), True)
    except (expat.ExpatError, ValueError) as error:
        raise Broken("ltfs-label") from error
    size = found.get("blocksize", "").strip()
    wanted = (found.get(key, "").strip() for key in ("volumeuuid", "formattime", "compression", "location/partition",
                                                     "partitions/index", "partitions/data"))
    volumeuuid, formattime, compression, partition, index, data = wanted
    if not version or not volumeuuid or not _NUMBER.fullmatch(size) or index == data or partition not in (index, data):
        raise Broken("ltfs-label")
    identifier = vol1[4:10].decode("ascii", "replace").rstrip()
    return Label(version, identifier, volumeuuid, formattime, int(size), compression, partition, index, data)


def read_index(pieces: Iterable[bytes], block_bytes: int, partitions: Mapping[str, Partition] | None) -> Index:
    """An index as it comes off the tape.

    Args:    block_bytes: of the label. partitions: by letter; their blocks end where data ends. None = what is not the
             files only, which costs a tenth.
    Returns: findings `structure-damaged` of entries, `extent-outside`, `content-not-on-carrier`, `name-undecodable`,
             `name-unsafe`, `structure-irregular`.
    Raises:  Broken.
    """
    reading = _Reading(block_bytes, partitions)
    for piece in pieces:
        reading.feed(piece)
    return reading.finish()


def _parser() -> expat.XMLParserType:
    parser = expat.ParserCreate("UTF-8")
    parser.buffer_text = True

    def refuse(*_: object) -> None:
        raise ValueError("a document type")
    parser.StartDoctypeDeclHandler = refuse
    return parser


class _File:
    """The file that is being read. xattrs: key, value and its type."""

    __slots__ = ("bad", "extents", "guessed", "length", "name", "open_for_write", "raw", "symlink", "xattrs")

    def __init__(self) -> None:
        self.name, self.raw, self.length, self.symlink = "", b"", -1, ""
        self.extents: list[tuple[int, str, int, int, int]] = []     # fileoffset, partition … bytecount
        self.xattrs: list[tuple[str, str, str]] = []
        self.bad = self.guessed = self.open_for_write = False


class _Directory(NamedTuple):
    path: str                   # with a separator at its end, "" = the root
    raw: bytes
    guessed: bool


class _Reading:
    """The state of one index while it is read."""

    def __init__(self, block_bytes: int, partitions: Mapping[str, Partition] | None) -> None:
        self.index = Index()
        self._without_files, partitions = partitions is None, partitions or {}
        self._block_bytes, self._partitions = block_bytes, partitions
        self._outside = sum(part.blocks for part in partitions.values())
        self._stack: list[str] = []
        self._text: list[str] = []
        self._length = self._entries = 0
        self._encoded = False                       # the text is percent-encoded
        self._directories: list[_Directory] = []
        self._opening: list[_Directory | None] = []     # of directories whose name is not read yet: None
        self._file: _File | None = None
        self._extent: dict[str, str] = {}
        self._key = self._type = ""
        self._body: xxhash.xxh3_128 | None = None
        self._before = b""                          # what may be the beginning of the root's tag
        self._parser = _parser()
        self._parser.StartElementHandler, self._parser.EndElementHandler = self._start, self._end
        self._ends: dict[str, Callable[[str, str], None]] = {
                      "name": self._end_name, "length": self._end_length, "symlink": self._end_symlink,
                      "extent": self._end_extent, "file": self._end_file, "directory": self._end_directory,
                      "partition": self._end_partition, "startblock": self._end_startblock, "key": self._end_key,
                      "value": self._end_value, "openforwrite": self._end_open, "volumeuuid": self._end_uuid,
                      "generationnumber": self._end_generation,
                      **dict.fromkeys(("byteoffset", "bytecount", "fileoffset"), self._end_of_extent)}
        self._texts = frozenset(self._ends) - {"extent", "file", "directory"}

    def feed(self, piece: bytes) -> None:
        try:
            self._hash(piece)
            self._parser.Parse(piece, False)
        except (expat.ExpatError, ValueError) as error:
            raise Broken("ltfs-index") from error

    def finish(self) -> Index:
        try:
            self._parser.Parse(b"", True)
        except (expat.ExpatError, ValueError) as error:
            raise Broken("ltfs-index") from error
        index = self.index
        if self._body is None or index.generationnumber < 0 or not index.volumeuuid or not index.version:
            raise Broken("ltfs-index")
        index.body = self._body.hexdigest()
        index.findings += _duplicates(index.files)
        return index

    def _hash(self, piece: bytes) -> None:
        """All from the root directory on."""
        if self._body is None:
            piece = self._before + piece
            at = piece.find(_ROOT)
            if at < 0:
                self._before = piece[-len(_ROOT):]
                return
            self._body, piece = xxhash.xxh3_128(), piece[at:]
        self._body.update(piece)

    # ------------------------------------------------------------------------------------------------ events

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        stack = self._stack
        if tag in self._texts:
            self._text, self._length = [], 0
            self._parser.CharacterDataHandler = self._characters
            self._encoded = attributes.get("percentencoded") == "true"
            if tag == "value":
                self._type = attributes.get("type", "text")
        elif tag == "file" and stack[-1:] == ["contents"] or tag == "directory":
            self._entries += 1
            if self._entries > MOST_ENTRIES:
                raise ValueError("too many entries")
            if self._without_files:
                self._parser.StartElementHandler = self._parser.EndElementHandler = None
            elif tag == "file":
                self._file = _File()
            else:
                self._opening.append(None)
        elif tag == "contents":
            if not self._opening or self._opening[-1] is None:
                raise ValueError("a directory without a name")
            self._directories.append(self._opening[-1])
        elif tag == "extent":
            self._extent = {}
        elif not stack:
            if tag != "ltfsindex":
                raise ValueError("no index")
            self.index.version = attributes.get("version", "")
        stack.append(tag)
        if len(stack) > _DEPTH:
            raise ValueError("too deep")

    def _characters(self, text: str) -> None:
        self._length += len(text)
        if self._length > _TEXT:
            if self._stack[-1] == "value":          # of an attribute that nobody asks for
                self._text = []
                return
            raise ValueError("too long")
        self._text.append(text)

    def _end(self, tag: str) -> None:
        self._stack.pop()
        handle = self._ends.get(tag)
        if handle is not None:
            text = "".join(self._text)
            self._text = []
            self._parser.CharacterDataHandler = None
            handle(tag, text)
        elif tag == "contents":
            self._directories.pop()

    @property
    def _parent(self) -> str:
        return self._stack[-1] if self._stack else ""

    # ---------------------------------------------------------------------------------------- of the index itself

    def _end_uuid(self, _: str, text: str) -> None:
        if self._parent == "ltfsindex":
            self.index.volumeuuid = text.strip()

    def _end_generation(self, _: str, text: str) -> None:
        if self._parent == "ltfsindex":
            self.index.generationnumber = _number(text)

    def _end_partition(self, _: str, text: str) -> None:
        if self._parent == "extent":
            self._extent["partition"] = text
        elif self._parent in ("location", "previousgenerationlocation"):
            was: Location = getattr(self.index, self._parent)
            setattr(self.index, self._parent, was._replace(partition=text.strip()))

    def _end_startblock(self, tag: str, text: str) -> None:
        if self._parent == "extent":
            self._extent[tag] = text
        elif self._parent in ("location", "previousgenerationlocation"):
            was: Location = getattr(self.index, self._parent)
            setattr(self.index, self._parent, was._replace(block=_number(text)))

    # ------------------------------------------------------------------------------------------------- directories

    def _end_name(self, _: str, text: str) -> None:
        parent = self._parent
        if parent == "file" and self._file is not None:
            self._file.name, self._file.raw, guess = self._decoded(text)
            self._file.bad |= not text
            self._file.guessed = bool(guess)
            if guess:
                self.index.findings.append(Finding("name-undecodable", self._path(self._file.name),
                                                   facts={"encoding": guess}))
        elif parent == "directory" and self._opening:
            if len(self._opening) == 1:
                self.index.volume_name = text
                self._opening[-1] = _Directory("", b"", False)
                return
            name, raw, guess = self._decoded(text)
            path, above = self._path(name), self._directories[-1]
            if guess:
                self.index.findings.append(Finding("name-undecodable", path, facts={"encoding": guess}))
            self._opening[-1] = _Directory(path + "/", above.raw + raw + b"/", above.guessed or bool(guess))

    def _decoded(self, text: str) -> tuple[str, bytes, str]:
        """A name as text, its bytes, and the encoding where it was a guess; unsafe names are said."""
        raw = unquote_to_bytes(text) if self._encoded else text.encode("utf-8", "surrogatepass")
        name, guess = names.decoded(raw)
        if names.is_unsafe(name):
            self.index.findings.append(Finding("name-unsafe", self._path(names.unsplit(name))))
        return names.unsplit(name), raw, guess

    def _path(self, name: str) -> str:
        return (self._directories[-1].path if self._directories else "") + name

    def _end_directory(self, *_: str) -> None:
        self._opening.pop()

    # ------------------------------------------------------------------------------------------------------- files

    def _end_length(self, _: str, text: str) -> None:
        if self._parent == "file" and self._file is not None:
            self._file.length = _number(text)

    def _end_symlink(self, _: str, text: str) -> None:
        if self._parent == "file" and self._file is not None:
            self._file.symlink = names.decoded(unquote_to_bytes(text) if self._encoded else text.encode())[0] or "?"

    def _end_open(self, _: str, text: str) -> None:
        if self._parent == "file" and self._file is not None:
            self._file.open_for_write = text.strip() in ("true", "1")

    def _end_of_extent(self, tag: str, text: str) -> None:
        if self._parent == "extent":
            self._extent[tag] = text

    def _end_extent(self, *_: str) -> None:
        if self._parent != "extentinfo" or self._file is None:
            return
        letter = self._extent.get("partition", "").strip()
        start, skip, length, offset = (_number(self._extent.get(key, "")) for key in
                                       ("startblock", "byteoffset", "bytecount", "fileoffset"))
        if min(start, skip, length, offset) < 0 or letter not in self._partitions or skip >= self._block_bytes \
                or len(self._file.extents) >= _MOST_EXTENTS:
            self._file.bad = True
        elif length:
            self._file.extents.append((offset, letter, start, skip, length))

    def _end_key(self, _: str, text: str) -> None:
        self._key = text.strip().lower()

    def _end_value(self, _: str, text: str) -> None:
        if self._key in _HASHES and self._file is not None and self._parent == "xattr":
            self._file.xattrs.append((self._key, text, self._type))

    def _end_file(self, *_: str) -> None:
        file, self._file = self._file, None
        if file is None:
            return
        path, above, findings = self._path(file.name), self._directories[-1], self.index.findings
        if file.symlink:
            findings.append(Finding("content-not-on-carrier", path, facts={"kind": "symlink", "target": file.symlink}))
            return
        extents = None if file.bad or file.length < 0 else self._extents(file, path)
        if extents is None:
            findings.append(damaged("ltfs-entry", path))
        if file.open_for_write:
            findings.append(Finding("structure-irregular", path, facts={"what": "ltfs-open-for-write", "count": 1}))
        recorded = above.raw + file.raw if above.guessed or file.guessed else b""
        number = self.index.files.add(FileEntry(
            path, recorded, max(0, file.length), extents or (),
            "structure-damaged" if extents is None else ""))
        for key, text, kind in file.xattrs:
            self._record(number, key, text, kind)

    def _extents(self, file: _File, path: str) -> tuple[Extent, ...] | None:
        """In the order of the content, holes filled in; None where they contradict each other or the length."""
        found: list[Extent] = []
        at = 0
        for offset, letter, start, skip, length in sorted(file.extents):
            if offset < at or offset + length > file.length:
                return None
            if offset > at:
                found.append(Extent(HOLE, offset - at))
            part = self._partitions[letter]
            last = start + (skip + length - 1) // self._block_bytes
            if last >= part.blocks:
                self.index.findings.append(Finding("extent-outside", path, Extent(start, length),
                                                   {"limit_bytes": part.blocks * self._block_bytes}))
                found.append(Extent(self._outside + start, length, 0, skip))
            else:
                found.append(Extent(part.base + start, length, 0, skip))
            at = offset + length
        if at < file.length:
            found.append(Extent(HOLE, file.length - at))
        return tuple(found)

    def _record(self, number: int, key: str, text: str, kind: str) -> None:
        """Keep a digest that the index has of a file; what is none of its length is nobody's digest."""
        algorithm, width = _HASHES[key]
        try:
            raw = base64.b64decode(text, validate=True) if kind == "base64" else text.strip().encode()
            digest = raw if kind == "base64" and len(raw) == width else bytes.fromhex(raw.decode("ascii"))
        except (binascii.Error, ValueError):
            return
        if len(digest) == width:
            numbers, column = self.index.files.recorded.setdefault(algorithm, (array("q"), bytearray()))
            numbers.append(number)
            column += digest


def _number(text: str) -> int:
    """A number of the document, -1 where it is none."""
    text = text.strip()
    return int(text) if _NUMBER.fullmatch(text) else -1


def _duplicates(files: Files) -> list[Finding]:
    """Paths that several files bear: none of them can be told by its name."""
    if len(set(files.paths)) == len(files):
        return []
    seen: set[str] = set()
    twice = dict.fromkeys(path for path in files.paths if path in seen or seen.add(path))  # type: ignore[func-returns-value]
    return [damaged("duplicate-name", path) for path in twice]
