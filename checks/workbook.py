"""Tables of a form: the sheets of workbooks, documents and csv files (`opening.py`).

Takes sheets of cells, gives `Tables`: the fields of the 情况表, the rows of the 载体目录, the lines of the digest list,
findings. Relies on `form_columns.toml` for the headers. A table begins at a row of known headers, wherever it stands;
the header may stand again on every page. No row of a table that names a file, a package or a digest is dropped.
"""
from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from carriers.model import Finding

from .fields import field_of, fields_in
from .form import CarrierLine, DigestLine, Lines, Scope
from .normalise import (
    ALGORITHM_OF_DIGITS,
    DIGEST_DIGITS,
    algorithm_named,
    declared_count,
    identifiers,
    is_number,
    label,
    says_catalogue_package,
    size_unit,
    split_digest,
)

MAX_ROWS = 2_000_000
LONGEST_HEADER, LONGEST_PATH, SHOWN = 120, 32_767, 80

Cell = str | bytes                          # bytes: a number, date or truth value that a spreadsheet made of a text
Row = tuple[int, Sequence[Cell]]


class Sheet(NamedTuple):
    """Rows with their numbers (from 1), and the merged rectangles (top, left, bottom, right; from 0)."""

    name: str
    rows: Iterable[Row]
    merged: Sequence[tuple[int, int, int, int]] = ()
    delimited: bool = False                 # csv: a cell too many is a delimiter inside a name


@dataclass(slots=True)
class Tables:
    """What the sheets of one form hold. table_count: tables of digests or carriers that were met."""

    fields: dict[str, str] = field(default_factory=dict)
    carriers: list[CarrierLine] = field(default_factory=list)
    lines: Lines = field(default_factory=Lines)
    findings: list[Finding] = field(default_factory=list)
    table_count: int = 0
    document_count: int = 0                 # rows of the 公文明细
    outside: list[tuple[str, int, str]] = field(default_factory=list)      # (sheet, row, text) of digests in no table

    def note_fields(self, texts: Sequence[str]) -> dict[str, str]:
        """Take the fields of a row; the first value that is not blank counts. Gives those that now count."""
        found = fields_in(texts)
        for name, value in found.items():
            self.fields[name] = self.fields.get(name) or value
        return {name: value for name, value in found.items() if self.fields[name] == value}

    def note_outside(self, sheet: Sheet, row: Row) -> None:
        """Take a row that stands in no table. A digest there, but as the value of a field, is never dropped unsaid."""
        texts = list(map(text_of, row[1]))
        self.note_stray(sheet, row[0], texts, self.note_fields(texts))

    def note_stray(self, sheet: Sheet, line_no: int, texts: Sequence[str], taken: Mapping[str, str]) -> None:
        """Note a digest where no list is, in a row whose fields are `taken`; a CRC32 too, beside a file."""
        stray = next((text for text in texts if _LOST_DIGEST.search(text) and text not in taken.values()), "") or (
            next(filter(_CRC32.fullmatch, texts), "") if any(map(_FILE_NAME.fullmatch, texts)) else "")
        if stray:
            self.outside.append((sheet.name, line_no, stray))


class DigestColumn(NamedTuple):
    at: int
    title: str
    algorithm: str


class Header(NamedTuple):
    """The columns of a table: identifier → index. is_list: its rows are lines; is_catalogue: its rows are carriers.

    whole_paths: the path has the name in it, and no folder is to be joined with the name beside it.
    sizes: (index, unit) of every column of sizes, bytes first. strange: columns whose heads we do not know.
    """

    columns: dict[str, int]
    digests: tuple[DigestColumn, ...]
    sizes: tuple[tuple[int, str], ...]
    width: int
    is_list: bool
    is_catalogue: bool
    whole_paths: bool = False
    strange: tuple[int, ...] = ()

    @property
    def is_other(self) -> bool:
        """Whether its rows are documents (公文明细)."""
        return not (self.is_list or self.is_catalogue)


# --- headers ---------------------------------------------------------------------------------------------------

_HEADER = re.compile(r"(.*?)[(\[/:]([^()\[\]]*)[)\]]?")
# Heads of columns whose hex digits are no digest, or one that we do not make and that stands beside one that we do.
_NOT_COMPARED = re.compile("uuid|guid|(?<![a-z])id(?![a-z])|标识|sha-?(?:224|384|3)|blake|whirlpool|tiger|ripemd|xxh",
                           re.IGNORECASE)
_DECORATION = re.compile(r"[()\[\]/:、,_-]")


def text_of(cell: Cell) -> str:
    return cell.strip() if isinstance(cell, str) else cell.decode()


def header_of(cells: Sequence[Cell]) -> Header | None:
    """The columns that a row of headers names; None where the row is no header of a table that we know.

    A list needs a digest column and one for files, packages or carriers; a catalogue needs carrier numbers and one of
    form, label, serial number or set. A row with a digest or a number in it is no header.
    """
    columns: dict[str, int] = {}
    digests: list[DigestColumn] = []
    sizes: list[tuple[int, str]] = []
    filled, whole_paths, strange = 0, False, list[int]()
    for index, cell in enumerate(cells):
        text = text_of(cell)
        filled += bool(text)
        if isinstance(cell, bytes) or (len(text) >= 32 and split_digest(text)):
            return None
        if not text or len(text) > LONGEST_HEADER:
            strange.append(index)
            continue
        name, algorithm = _column(text)
        whole_paths |= name == "full_path"
        name = "path" if name == "full_path" else name
        if name == "digest":
            digests.append(DigestColumn(index, text, algorithm))
        elif name == "size":
            columns.setdefault(name, index)
            sizes.append((index, size_unit(text)))
        elif name:
            columns.setdefault(name, index)
        elif not _NOT_COMPARED.search(text):
            strange.append(index)
    is_list = bool(digests) and bool(columns.keys() & {"path", "name", "carrier_no", "package_no"})
    described = bool(columns.keys() & {"carrier_form", "volume_label", "serial_no"})
    is_catalogue = "carrier_no" in columns and not columns.keys() & {"path", "name"} and (
        described or ("set_code" in columns and not digests))
    other = "title" in columns and "archival_code" in columns
    is_catalogue = is_catalogue and 2 * (len(columns) + len(digests)) > filled
    if not (is_list or is_catalogue or other):
        return None
    sizes.sort(key=lambda size: size[1] != "B")
    return Header(columns, tuple(digests), tuple(sizes), len(cells), is_list, is_catalogue, whole_paths,
                  tuple(strange))


def _column(text: str) -> tuple[str, str]:
    """What a header names: the column's identifier ("" = unknown) and, of a digest column, its algorithm."""
    known, key = identifiers("columns"), label(text)
    if key in known:
        return known[key], algorithm_named(text)
    if algorithm := algorithm_named(text):
        rest = key
        for written, name in sorted(identifiers("algorithms").items(), key=lambda pair: -len(pair[0])):
            rest = rest.replace(written, "") if name == algorithm else rest
        rest = _DECORATION.sub("", rest)
        return ("digest" if not rest or known.get(rest) == "digest" else "", algorithm)
    match = _HEADER.fullmatch(key)
    return (known.get(match[1], "") if match else "", "")


# --- rows ------------------------------------------------------------------------------------------------------

def read_sheets(sheets: Sequence[Sheet]) -> Tables:
    """Read all tables and fields; a title row that names the algorithm counts for every table of the form."""
    tables = Tables()
    held: list[tuple[_Table, Row]] = []
    for sheet in sheets:
        table: _Table | None = None
        for row in sheet.rows:
            header = header_of(row[1]) if table is None or table.may_end(row[1]) else None
            if header:
                table = _Table(tables, header, sheet)
                tables.table_count += header.is_list or header.is_catalogue
            elif table and not held and table.names_algorithm(row[1]):
                table.take(*row)
            elif table:
                held.append((table, row))
            elif _is_no_submission(row[1]):
                break
            else:
                tables.note_outside(sheet, row)
    for table, (line_no, cells) in held:
        table.take(line_no, cells)
    return tables


def _is_no_submission(cells: Sequence[Cell]) -> bool:
    """Whether a row says that its sheet explains the form and is no part of it."""
    return any(len(cell) <= LONGEST_HEADER and identifiers("words").get(label(text_of(cell))) == "not_submitted"
               for cell in cells)


def _rows_merged(ranges: Iterable[tuple[int, int]], last_row: int) -> set[int]:
    """The rows of ranges (first, last), each row walked once however the ranges overlap."""
    rows, next_row = set[int](), 0
    for first, last in sorted(ranges):
        rows.update(range(max(first, next_row), min(last, last_row) + 1))
        next_row = max(next_row, last + 1)
    return rows


class _Table:
    """One table under one header, taking its rows in order."""

    def __init__(self, tables: Tables, header: Header, sheet: Sheet) -> None:
        self._tables, self._header, self._sheet = tables, header, sheet
        self._package_no = ""                               # of the row above, for cells left blank below it
        self._in_notes = False
        package = header.columns.get("carrier_no", header.columns.get("package_no", -1))
        self._merged_packages = _rows_merged(
            ((top + 1, bottom) for top, left, bottom, right in sheet.merged if left <= package <= right), MAX_ROWS)
        self._merged_digests = {column.at: _rows_merged(
            ((top, bottom) for top, left, bottom, right in sheet.merged if top < bottom and left <= column.at <= right),
            MAX_ROWS) for column in (header.digests if sheet.merged else ())}
        self._wide = {top for top, left, _, right in sheet.merged if left < right}

    def may_end(self, cells: Sequence[Cell]) -> bool:
        """Whether a row could be another header: no digest stands in its digest column."""
        column = self._header.digests[0].at if self._header.digests else -1
        return column < 0 or column >= len(cells) or len(cells[column]) < 24 and isinstance(cells[column], str)

    def names_algorithm(self, cells: Sequence[Cell]) -> bool:
        """Whether the algorithm of every digest stands in its column's head or in the row: no title is waited for."""
        at = self._header.columns.get("algorithm", -1)
        return (0 <= at < len(cells) and bool(cells[at])) or all(column.algorithm for column in self._header.digests)

    def _text(self, texts: Sequence[str], name: str) -> str:
        at = self._header.columns.get(name, -1)
        return texts[at] if 0 <= at < len(texts) else ""

    def take(self, line_no: int, cells: Sequence[Cell]) -> None:
        """Take one row under the header."""
        texts = [cell.strip() if isinstance(cell, str) else cell.decode() for cell in cells]
        if self._header.is_other:
            self._take_document(line_no, texts)
            return
        digests = [(column, cells[column.at]) for column in self._header.digests
                   if column.at < len(texts) and texts[column.at]]
        path = self._path(texts)
        package_no = self._package(texts, path)
        if not digests or len(texts[digests[0][0].at]) < 24:
            lost = any(map(_LOST_DIGEST.search, texts))                 # in a column where none belongs
            nothing = not (digests or package_no or path or lost)
            if nothing or not lost and (self._is_foot(texts) or not digests and self._is_note(line_no, texts)):
                self._tables.note_fields(texts)
                return
        if self._header.is_catalogue and (carrier_no := self._text(texts, "carrier_no")):
            self._tables.carriers.append(self._carrier(texts, carrier_no))
        if not self._header.is_list:
            self._tables.note_stray(self._sheet, line_no, texts, {})
            return
        if package_no:
            self._package_no = package_no
        elif (path and digests) or line_no - 1 in self._merged_packages:
            package_no = self._package_no
        if self._sheet.delimited and any(texts[self._header.width:]):
            self._reject(line_no, texts, (package_no, path), "cells")
            return
        if self._header.whole_paths and path not in (self._text(texts, "path"), self._text(texts, "name")):
            self._reject(line_no, texts, (package_no, self._text(texts, "path")), "names-differ")
            return
        if not digests and self._header.is_catalogue and any(map(_LOST_DIGEST.search, texts)):
            self._tables.note_stray(self._sheet, line_no, texts, {})     # a carrier alone, its number may be a digest
        else:
            self._tell_strange(line_no, texts)
        if not digests and not self._header.is_catalogue:
            self._reject(line_no, texts, (package_no, path), "digest-empty")
        for column, cell in digests:
            self._digest(line_no, texts, (package_no, path), (column, cell))

    def _tell_strange(self, line_no: int, texts: Sequence[str]) -> None:
        """A digest beside the columns of digests, which nothing is compared with; in a remark where it is all of it."""
        width, columns = self._header.width, self._header.columns
        strange = [*self._header.strange, *range(width, len(texts))] if len(texts) > width else self._header.strange
        remarks = [columns[name] for name in ("note", "content_note") if name in columns]
        stray = next((texts[at] for at in strange if at < len(texts) and _LOST_DIGEST.search(texts[at])), "") or next((
            texts[at] for at in remarks if at < len(texts) and len(texts[at]) >= 32 and split_digest(texts[at])), "")
        if stray:                                            # the first is told, the others are counted
            self._tables.outside.append((self._tables.outside or [(self._sheet.name, line_no, stray)])[0])

    def _take_document(self, line_no: int, texts: Sequence[str]) -> None:
        taken: Mapping[str, str] = {}
        if self._text(texts, "title") and not self._is_foot(texts):
            self._tables.document_count += 1
        else:
            taken = self._tables.note_fields(texts)
        self._tables.note_stray(self._sheet, line_no, texts, taken)

    def _package(self, texts: Sequence[str], path: str) -> str:
        """The carrier's number; the package's own where the row names both and no file."""
        carrier_no, package_no = self._text(texts, "carrier_no"), self._text(texts, "package_no")
        return carrier_no if carrier_no and (path or not package_no) else package_no or carrier_no

    def _path(self, texts: Sequence[str]) -> str:
        """The path; a folder and a name in two columns are joined."""
        path, name = self._text(texts, "path"), self._text(texts, "name")
        if not path or not name:
            return path or name
        if re.split(r"[/\\]", path)[-1] == name:
            return path
        slash = "\\" if "\\" in path else "/"
        return path.rstrip("/\\") + slash + name

    def _is_foot(self, texts: Sequence[str]) -> bool:
        """Whether a row without a digest is a total, or fields below the table: no line."""
        first = next(filter(None, texts))
        if _FILE_NAME.fullmatch(first):
            return False
        word = _WORD_END.split(label(first), maxsplit=1)[0]
        return identifiers("words").get(word) == "totals" or field_of(first) is not None or bool(fields_in([first]))

    def _is_note(self, line_no: int, texts: Sequence[str]) -> bool:
        """Whether a row without a digest is a note: alone in its row, and it says so, follows one, or is merged."""
        filled = [*filter(None, texts)]
        word = _NOTE.split(label(filled[0]), maxsplit=1)[0]
        says_so = identifiers("words").get(word) == "notes"
        if _FILE_NAME.fullmatch(self._path(texts)):
            return False
        if len(filled) == 1 and (says_so or self._in_notes or line_no - 1 in self._wide):
            self._in_notes = True
            return True
        return False

    def _carrier(self, texts: Sequence[str], carrier_no: str) -> CarrierLine:
        written = {name: self._text(texts, name) for name in (
            "carrier_form", "carrier_model", "volume_label", "serial_no", "content_note", "set_code")}
        packages = self._text(texts, "package_nos") or self._text(texts, "package_no")
        in_bytes = next((texts[at] for at, unit in self._header.sizes if unit == "B" and at < len(texts)), "")
        return CarrierLine(
            carrier_no, **written, file_count=declared_count(self._text(texts, "file_count")),
            byte_count=declared_count(in_bytes),
            package_nos=tuple(filter(None, re.split(r"[\s,，、;；]+", packages))))

    def _scope(self, texts: Sequence[str], path: str) -> Scope | None:
        """What the digest was made over; None where the form says it in words that we do not know."""
        scope = _scope_written(self._text(texts, "scope"), self._text(texts, "split_parts"))
        if scope is None or scope not in (Scope.FILE, Scope.PACKAGE):
            return scope
        notes = [self._text(texts, name) for name in ("content_note", "note", "package_no")]
        if says_catalogue_package(notes, path):
            return Scope.CATALOGUE
        return Scope.FILE if path else Scope.PACKAGE

    def _size(self, texts: Sequence[str]) -> str:
        """The size as written, with its unit; bytes before a rounded figure."""
        for at, unit in self._header.sizes:
            text = texts[at] if at < len(texts) else ""
            if text.isascii() and text.isdigit():
                return text + unit
            if any(map(str.isdigit, text)):
                return text if size_unit(text) else text + unit
        return ""

    def _digest(self, line_no: int, texts: Sequence[str], names: tuple[str, str],
                cell: tuple[DigestColumn, Cell]) -> None:
        """One digest cell: one line, or one for each algorithm that the cell names."""
        column, written = cell
        text, (package_no, path) = texts[column.at], names
        scope = self._scope(texts, path)
        if isinstance(written, bytes) or is_number(text):
            facts: dict[str, str | int] = {
                "line": line_no, "row": line_no, "column": column.title, "value": text[:SHOWN]}
            self._keep(DigestLine(line_no, package_no, path, scope or Scope.FILE, column.algorithm, "",
                                  self._size(texts), "form-digest-is-number"), facts)
            return
        found = self._algorithms(text, texts, column)
        if line_no - 1 in self._merged_digests.get(column.at, ()):
            self._reject(line_no, texts, names, "digest-merged")
        elif not _is_name(path.replace("\n", ";") if scope is Scope.PARTS else path):
            self._reject(line_no, texts, names, "name")
        elif scope is None:
            self._reject(line_no, texts, names, "scope")
        elif not found:
            self._reject(line_no, texts, names, "digest")
        elif not path and not package_no and scope in (Scope.PACKAGE, Scope.CATALOGUE):
            self._reject(line_no, texts, names, "nothing-named")
        else:
            size = self._size(texts)
            parts = declared_count(self._text(texts, "split_parts")) or 0 if scope is Scope.PARTS else 0
            for algorithm, digest in found:
                if DIGEST_DIGITS.get(algorithm) == len(digest):
                    self._tables.lines.append(
                        DigestLine(line_no, package_no, path, scope, algorithm, digest, size, "", parts))
                    continue
                known = algorithm if algorithm in DIGEST_DIGITS else ""
                self._keep(DigestLine(line_no, package_no, path, scope, known, "", size, "form-digest-length"),
                           {"line": line_no, "length": len(digest), "content": _content(texts),
                            "reason": "" if algorithm else "algorithm-unnamed"})

    def _algorithms(self, text: str, texts: Sequence[str], column: DigestColumn) -> list[tuple[str, str]]:
        """The digests of a cell with their algorithms, as named in the cell, the row, the header, the title, or else
        told by the length; none where a digest is no hex or two of those names contradict each other."""
        whole = split_digest(text)
        title = algorithm_named(self._tables.fields.get("digest_alg", ""))
        row = self._text(texts, "algorithm")
        found = []
        parts = [whole] if whole else [split_digest(part) for part in _BETWEEN.split(text) if part.strip()]
        for part in parts:
            if part is None or (len(parts) > 1 and not part[0]):
                return []
            of_row = algorithm_named(row) or row if len(self._header.digests) == 1 and len(parts) == 1 else ""
            named = {part[0], column.algorithm, of_row} - {""}
            if len(named) > 1:
                return []
            algorithm = next(iter(named), title or ALGORITHM_OF_DIGITS.get(len(part[1]), ""))
            found.append((algorithm, part[1]))
        return found if len(dict(found)) == len(found) else []

    def _reject(self, line_no: int, texts: Sequence[str], names: tuple[str, str], reason: str) -> None:
        path = names[1] if _is_name(names[1]) else ""
        scope = self._scope(texts, path) or Scope.FILE
        self._keep(DigestLine(line_no, names[0], path, scope, "", "", self._size(texts), "form-line-malformed"),
                   {"line": line_no, "content": _content(texts), "reason": reason})

    def _keep(self, line: DigestLine, facts: dict[str, str | int]) -> None:
        """Keep a line with a defect, and say why."""
        self._tables.lines.append(line)
        facts = {**facts, "sheet": self._sheet.name, "package_no": line.package_no}
        self._tables.findings.append(Finding(line.defect, line.path, facts=facts))


@lru_cache(maxsize=1024)
def _scope_written(scope: str, split_parts: str) -> Scope | None:
    """摘要对象 and 是否分卷 as written; FILE where they are blank, None where the words are unknown."""
    written, split = label(scope), label(split_parts)
    if written:
        known = identifiers("scopes").get(written)
        return Scope(known) if known else None
    parts = (declared_count(split) or 0) > 1 or identifiers("words").get(split) == "yes"
    return Scope.PARTS if parts else Scope.FILE


def _content(texts: Sequence[str]) -> str:
    return " | ".join(filter(None, texts))[:SHOWN]


_BETWEEN = re.compile(r"[\n;,；，、]")
_LOST_DIGEST = re.compile(r"[0-9A-Fa-f]{32}")
_CRC32 = re.compile(r"(?=.*[A-Fa-f])[0-9A-Fa-f]{8}")       # of digits alone it may be a day: its neighbours tell
_NO_NAME = re.compile("[\0\n\r\ufffd]")
_WORD_END = re.compile(r"[\d:.、,;(]")
_FILE_NAME = re.compile(r"[^\s,，。;；:：]+\.[A-Za-z][A-Za-z0-9]{0,4}")
_NOTE = re.compile(r"\d*[:、]")


def _is_name(path: str) -> bool:
    return len(path) <= LONGEST_PATH and not _NO_NAME.search(path)
