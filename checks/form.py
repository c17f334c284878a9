"""The submitted form: what the unit says it brings.

Takes a file as received, gives a `SubmittedForm` whose lines name files and digests, relies on `digest_list.py`
(text) and `workbook.py` (tables) for the layouts. A line that cannot be trusted is kept, has a defect, and can never
count as checked.
"""
from __future__ import annotations

import errno
import hashlib
import re
import stat
from array import array
from bisect import bisect_right
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, overload

from carriers.model import Finding, Refused
from checks.names import nfc, relative
from checks.normalise import declared_count

if TYPE_CHECKING:
    from .workbook import Tables

if TYPE_CHECKING:
    from .workbook import Tables


class FormUnreadable(Refused):
    """The form cannot be read at all: no such file, broken, foreign, protected, no layout we know."""


class Scope(StrEnum):
    """摘要对象: over what a listed digest was made.

    PACKAGE: the form names a package or carrier and no file. CATALOGUE: the 目录数据包 that the unit uploads, another
    object than the package on the carrier (domain §6.8).
    """

    FILE = "file"
    PARTS = "parts"
    CARRIER = "carrier"
    LIST = "list"
    PACKAGE = "package"
    CATALOGUE = "catalogue"


class DigestLine(NamedTuple):
    """One line of the digest list (续表).

    line_no: of the text or the sheet's row, from 1. path: as written, "" where the form names only a package.
    algorithm: "md5", "sha1", "sha256", "sha512", "sm3", "crc32"; digest: lower-case hex, "" where it cannot be trusted.
    declared_size: as written, with its unit ("6.127GB", "123456B"), "" = none.
    defect: "" or the code of the finding that says why the line cannot be trusted.
    parts: how many files the digest was made over, 0 = not given.
    """

    line_no: int
    package_no: str
    path: str
    scope: Scope
    algorithm: str
    digest: str
    declared_size: str
    defect: str
    parts: int = 0


ALGORITHMS = ("", "md5", "sha1", "sha256", "sm3", "crc32", "sha512")
_SCOPES = tuple(Scope)
_PLAIN_BYTES = re.compile(r"(0|[1-9][0-9]{0,17})B")
_NUMBER_OF = {name: number for names in (ALGORITHMS, _SCOPES) for number, name in enumerate(names)}


class Packed(Sequence[bytes]):
    """Short byte strings one behind the other; a million digests as objects of their own take 50 MB more."""

    def __init__(self) -> None:
        self._content = bytearray()
        self._ends = array("q", [0])

    def append(self, piece: bytes) -> None:
        self._content += piece
        self._ends.append(len(self._content))

    @overload
    def __getitem__(self, index: int) -> bytes: ...
    @overload
    def __getitem__(self, index: slice) -> list[bytes]: ...
    def __getitem__(self, index: int | slice) -> bytes | list[bytes]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        at = index + len(self) if index < 0 else index
        if not 0 <= at < len(self):
            raise IndexError(index)
        return bytes(self._content[self._ends[at]:self._ends[at + 1]])

    def __len__(self) -> int:
        return len(self._ends) - 1


class Lines(Sequence[DigestLine]):
    """Digest lines in columns; a DigestLine is made when asked for. `paths` may be read directly."""

    def __init__(self) -> None:
        self.line_nos: array[int] = array("q")
        self.paths: list[str] = []
        self.digests = Packed()
        self._algorithms: array[int] = array("B")
        self._scopes: array[int] = array("B")
        self._package_nos: dict[int, str] = {}
        self._declared: dict[int, str] = {}                 # sizes as written, but for plain bytes
        self._declared_bytes: array[int] = array("q")       # -1: none, or as written
        self.defects: dict[int, str] = {}
        self.parts: dict[int, int] = {}
        self._list_names: list[str] = [""]
        self._list_starts: array[int] = array("q", [0])

    def append(self, line: DigestLine) -> int:
        """Append a line and return its index."""
        index = len(self.paths)
        self.line_nos.append(line.line_no)
        self.paths.append(line.path)
        self.digests.append(bytes.fromhex(line.digest))
        self._algorithms.append(_NUMBER_OF[line.algorithm])
        self._scopes.append(_NUMBER_OF[line.scope])
        if line.package_no:
            self._package_nos[index] = line.package_no
        in_bytes = _PLAIN_BYTES.fullmatch(line.declared_size)
        self._declared_bytes.append(int(in_bytes[1]) if in_bytes else -1)
        if line.declared_size and not in_bytes:
            self._declared[index] = line.declared_size
        if line.defect:
            self.defects[index] = line.defect
        if line.parts:
            self.parts[index] = line.parts
        return index

    def extend(self, line_nos: Sequence[int], paths: Sequence[str], digests: Sequence[str],
               algorithm_of: Mapping[int, str]) -> None:
        """Append sound lines of files in bulk; the number of hex digits tells the algorithm."""
        numbers = {digits: ALGORITHMS.index(name) for digits, name in algorithm_of.items()}
        self.line_nos.extend(line_nos)
        self.paths.extend(paths)
        for digest in map(bytes.fromhex, digests):
            self.digests.append(digest)
        self._algorithms.extend(map(numbers.__getitem__, map(len, digests)))
        self._declared_bytes.extend(array("q", [-1]) * len(paths))
        self._scopes.frombytes(bytes(len(paths)))               # zeros: Scope.FILE, the first

    def follow(self, name: str, other: Lines) -> None:
        """Append all lines of a list, which `list_of` will name."""
        first = len(self)
        self._list_names.append(name)
        self._list_starts.append(first)
        self.line_nos.extend(other.line_nos)
        self.paths.extend(other.paths)
        for digest in other.digests:
            self.digests.append(digest)
        self._algorithms.extend(other._algorithms)
        self._scopes.extend(other._scopes)
        self._declared_bytes.extend(other._declared_bytes)
        for mine, theirs in ((self._package_nos, other._package_nos), (self._declared, other._declared),
                             (self.defects, other.defects)):
            mine.update((first + index, text) for index, text in theirs.items())
        self.parts.update((first + index, count) for index, count in other.parts.items())

    def list_of(self, index: int) -> str:
        """The list that a line stands in, "" for the form's own lines."""
        return self._list_names[bisect_right(self._list_starts, index) - 1]

    def by_list(self) -> Iterator[tuple[str, range]]:
        """Each list with its lines, the form's own ("") first."""
        for name, first, end in zip(self._list_names, self._list_starts, [*self._list_starts[1:], len(self)],
                                    strict=True):
            yield name, range(first, end)

    def algorithm(self, index: int) -> str:
        """The algorithm of a line, "" where it has none."""
        return ALGORITHMS[self._algorithms[index]]

    def scope(self, index: int) -> Scope:
        return _SCOPES[self._scopes[index]]

    def has_scope(self, scope: Scope) -> bool:
        return _SCOPES.index(scope) in self._scopes

    def package_no(self, index: int) -> str:
        return self._package_nos.get(index, "")

    def declared_size(self, index: int) -> str:
        in_bytes = self._declared_bytes[index]
        return f"{in_bytes}B" if in_bytes >= 0 else self._declared.get(index, "")

    def algorithms(self) -> tuple[str, ...]:
        """All algorithms that the lines name, in a fixed order."""
        named = set(self._algorithms)
        return tuple(name for number, name in enumerate(ALGORITHMS) if name and number in named)

    def __len__(self) -> int:
        return len(self.paths)

    @overload
    def __getitem__(self, index: int) -> DigestLine: ...
    @overload
    def __getitem__(self, index: slice) -> list[DigestLine]: ...
    def __getitem__(self, index: int | slice) -> DigestLine | list[DigestLine]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        at = index + len(self) if index < 0 else index
        return DigestLine(self.line_nos[at], self._package_nos.get(at, ""), self.paths[at], self.scope(at),
                          self.algorithm(at), self.digests[at].hex(), self.declared_size(at),
                          self.defects.get(at, ""), self.parts.get(at, 0))


@dataclass(frozen=True, slots=True)
class CarrierLine:
    """载体目录 row (domain: 备份载体目录). Texts as written, "" = not given; counts None = not given."""

    carrier_no: str
    carrier_form: str = ""
    carrier_model: str = ""
    volume_label: str = ""
    serial_no: str = ""
    content_note: str = ""
    set_code: str = ""
    file_count: int | None = None
    byte_count: int | None = None
    package_nos: tuple[str, ...] = ()


class FormList(NamedTuple):
    """A file that a form's lines were read from, besides the form: a list on the carrier, a manifest of a bag.

    path: on the carrier, or below the form's folder. lines: how many it gave.
    """

    path: str
    sha256: str
    layout: str
    lines: int
    content: bytes


class Bag(NamedTuple):
    """What a BagIt bag says of itself. directory: it lies there, "" = at the root; None = Payload-Oxum not given."""

    directory: str
    octets: int | None
    streams: int | None


@dataclass(frozen=True, slots=True)
class SubmittedForm:
    """情况表 with its 续表. fields: identifiers of the 情况表 (fonds_no, unit_name, item_count …) → text as written.

    layout: "workbook", "csv", "md5sum", "bsd" …; encoding as decided for the whole file ("" for workbooks).
    is_workbook: whether the form has a header of its own that must be complete.
    lists: that were followed; their lines come after the form's own, and a form of lists has none of its own.
    """

    file_name: str
    sha256: str
    size_bytes: int
    layout: str
    encoding: str
    is_workbook: bool
    fields: Mapping[str, str] = field(default_factory=dict)
    carriers: tuple[CarrierLine, ...] = ()
    lines: Lines = field(default_factory=Lines)
    findings: tuple[Finding, ...] = ()
    lists: tuple[FormList, ...] = ()
    bags: tuple[Bag, ...] = ()


# --- reading ---------------------------------------------------------------------------------------------------

CHUNK_BYTES = 1 << 20
TEXT_BYTES, ZIP_BYTES, OLE_BYTES = 1 << 30, 512 << 20, 200 << 20      # more than any form has
LONGEST_SHOWN = 80
LINES_SHOWN = 20                                                      # of a group of lines that a finding names
_BLANK = b"\xef\xbb\xbf\xfe\xff \t\r\n\0"
_BOOKS = {b"PK\x03\x04": ZIP_BYTES, b"\xd0\xcf\x11\xe0": OLE_BYTES}
_IMAGES = {b"%PDF": "pdf", b"\xff\xd8\xff": "jpeg", b"\x89PNG": "png", b"II*\0": "tiff", b"MM\0*": "tiff",
           b"GIF8": "gif", b"BM": "bmp", b"{\\rt": "rtf"}
_FOREIGN = {b"7z\xbc\xaf": "zip", b"Rar!": "zip", b"MIME-Version:": "mht"}


def read_form(path: Path) -> SubmittedForm:
    """Read a submitted form from a file: `form_of` its content."""
    return _form_of(path.name, *received(path))


def form_of(content: bytes, name: str) -> SubmittedForm:
    """Read a submitted form: a workbook, a csv, or a text list of digests; by its content, never by its name.

    Returns: findings `form-line-malformed`, `form-digest-is-number`, `form-digest-length`, `form-line-duplicate`,
             `form-line-conflict`, `form-field-missing` (workbooks only), `form-count-differs` (its own rows against
             its own counts), `form-digest-outside`, `form-no-lines`.
    Raises:  FormUnreadable form-missing, form-denied, form-not-file, form-failed, form-empty, form-broken,
             form-protected, form-macro, form-embedded, form-uncomputed, form-bomb, form-is-image,
             form-wrong-kind, form-undecodable, form-unknown-layout.
    Source:  domain §1.2, §3.9, §5.1.1-5.1.3, §10.10.
    """
    chunks = deque(content[at:at + CHUNK_BYTES] for at in range(0, len(content), CHUNK_BYTES))
    return _form_of(name, chunks, sha256_of(content), len(content))


def _form_of(name: str, chunks: deque[bytes], sha256: str, size_bytes: int) -> SubmittedForm:
    # The readers of layouts speak in the types above, so they are met here and not at the top.
    from .fields import missing_fields
    from .opening import read_workbook

    if not any(chunk.strip(_BLANK) for chunk in chunks):
        raise FormUnreadable("form-empty", file=name)
    kind = next((kind for mark, kind in _IMAGES.items() if chunks[0].startswith(mark) and mark != b"BM"), "")
    if kind or (chunks[0].startswith(b"BM") and b"\0\0\0\0" in chunks[0][:16]):
        raise FormUnreadable("form-is-image", file=name, kind=kind or "bmp")
    kind = next((kind for mark, kind in _FOREIGN.items() if chunks[0].startswith(mark)), "")
    if kind:
        raise FormUnreadable("form-wrong-kind", file=name, kind=kind)
    if chunks[0][:4] in _BOOKS:
        layout, encoding = "workbook", ""
        tables = read_workbook(b"".join(chunks), name)
        tables.findings += missing_fields(tables.fields)
        if not tables.table_count and not len(tables.fields) >= 3:
            raise FormUnreadable("form-unknown-layout", file=name)
    else:
        layout, encoding, tables = _read_text(chunks, name)
    findings = [*tables.findings, *_against_itself(tables), *_repeated(tables.lines)]
    if not len(tables.lines):
        findings.append(Finding("form-no-lines", facts={"reason": "empty", "label": "", "choices": ""}))
    return SubmittedForm(name, sha256, size_bytes, layout, encoding, layout == "workbook", tables.fields,
                         tuple(tables.carriers), tables.lines, tuple(findings))


def _read_text(chunks: deque[bytes], name: str) -> tuple[str, str, Tables]:
    """A form that is a text: a document of tags, a table, a list. Returns: its layout, its encoding, what it holds."""
    from .digest_list import Keeper, read_list
    from .markup_lists import encoding_of, kind_of, read_html, read_xml
    from .normalise import text_lines, text_pieces
    from .opening import read_csv
    from .workbook import Tables, read_sheets

    encoding = encoding_of(chunks)
    if not encoding:
        raise FormUnreadable("form-undecodable", file=name)
    head = chunks[0][:4096].decode(encoding, "ignore").removeprefix("\ufeff")
    kind = kind_of(head[:1024])
    if foreign := _spreadsheet_kind(head):
        raise FormUnreadable("form-wrong-kind", file=name, kind=foreign)
    tables: Tables | None = Tables()
    try:
        if kind == "html":
            tables = read_sheets(read_html("".join(text_pieces(chunks, encoding)), name))
            if not tables.table_count:
                raise FormUnreadable("form-wrong-kind", file=name, kind="html")
            return kind, encoding, tables
        if kind == "xml":
            keeper = Keeper(name)
            read_xml(text_pieces(chunks, encoding), keeper.keep, name)
            return kind, encoding, Tables(lines=keeper.lines, findings=keeper.settled())
        tables, lines = read_csv(text_lines(chunks, encoding), name)
        if tables is not None:
            return "csv", encoding, tables
        layout, listed, findings = read_list(lines, name)
    except OverflowError as error:                           # a line longer than any list has
        raise FormUnreadable("form-unknown-layout", file=name) from error
    return layout, encoding, Tables(lines=listed, findings=findings)


def _spreadsheet_kind(head: str) -> str:
    """"xml-2003" for a spreadsheet saved as XML, "" for anything else."""
    return "xml-2003" if head.lstrip()[:1] == "<" and "office:spreadsheet" in head else ""


def _against_itself(tables: Tables) -> Iterable[Finding]:
    """What of a form contradicts the form: digests outside every table, documents listed and counted."""
    if tables.outside:
        sheet, row, text = tables.outside[0]
        yield Finding("form-digest-outside", facts={"count": len(tables.outside), "sheet": sheet, "row": row,
                                                    "content": text[:LONGEST_SHOWN]})
    declared = declared_count(tables.fields.get("item_count", ""))
    if tables.document_count and declared is not None and declared != tables.document_count:
        yield Finding("form-count-differs", facts={"what": "documents", "reason": "documents", "declared": declared,
                                                   "actual": tables.document_count})


def received(path: Path) -> tuple[deque[bytes], str, int]:
    """The file, read once, in chunks; its SHA-256 and its size."""
    chunks: deque[bytes] = deque()
    digest, size_bytes, limit = hashlib.sha256(), 0, TEXT_BYTES
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise FormUnreadable("form-not-file", file=path.name)
        with path.open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                if not chunks:
                    limit = _BOOKS.get(chunk[:4], TEXT_BYTES)
                chunks.append(chunk)
                digest.update(chunk)
                size_bytes += len(chunk)
                if size_bytes > limit:
                    raise FormUnreadable("form-bomb", file=path.name, limit=limit)
    except OSError as error:
        codes = {errno.ENOENT: "form-missing", errno.ENOTDIR: "form-missing", errno.EACCES: "form-denied",
                 errno.EPERM: "form-denied"}
        code = codes.get(error.errno or 0, "form-failed")
        raise FormUnreadable(code, file=path.name, reason=error.strerror or "") from error
    return chunks, digest.hexdigest(), size_bytes


def sha256_of(content: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(content).hexdigest()


def _repeated(lines: Lines) -> Iterable[Finding]:
    """Lines that name the same thing twice; where their digests differ, none of them can be trusted.

    Two algorithms for one file are two lines, and so is one name in two packages.
    """
    # A slot by name and algorithm; only lines whose slot is met twice are looked at (a set takes 100 bytes a line).
    mask = (1 << min(24, (8 * len(lines)).bit_length())) - 1
    seen, twice = bytearray(mask + 1), set()
    slots = array("l", ((hash(path) + 0x9E3779B1 * kind) & mask
                        for path, kind in zip(map(_same, lines.paths), lines._algorithms, strict=True)))
    for slot in slots:
        if seen[slot]:
            twice.add(slot)
        seen[slot] = 1
    groups: dict[tuple[str, str, str, Scope], list[int]] = defaultdict(list)
    for index, slot in enumerate(slots):
        if slot in twice and lines.digests[index]:
            groups[_key(lines, index)].append(index)
    for indexes in groups.values():
        if len(indexes) < 2:
            continue
        agree = len({lines.digests[index] for index in indexes}) == 1
        code = "form-line-duplicate" if agree else "form-line-conflict"
        if not agree:
            lines.defects.update(dict.fromkeys(indexes, code))
        shown = ",".join(str(lines.line_nos[index]) for index in indexes[:LINES_SHOWN])
        first = indexes[0]
        yield Finding(code, lines.paths[first], facts={
            "lines": shown, "count": len(indexes), "package_no": lines.package_no(first)})


def _same(path: str) -> str:
    """A path as binding will take it; one that climbs, as it is written."""
    if "\\" in path or "./" in path or "//" in path or path[:1] == "/" or path[1:2] == ":" or path[-1:] in "/.":
        path = relative(path) or path
    return nfc(path)


def _key(lines: Lines, index: int) -> tuple[str, str, str, Scope]:
    return lines.package_no(index), _same(lines.paths[index]), lines.algorithm(index), lines.scope(index)
