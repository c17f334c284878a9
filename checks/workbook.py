"""Tables of a form: workbooks (xlsx, xls, ods, et) and csv.

Takes sheets of cells, gives `Tables`: the fields of the 情况表, the rows of the 载体目录, the lines of the digest list,
findings. Relies on `sheets.py` (a child process that opens workbooks) and on `form_columns.toml` for the headers.
A table begins at a row of known headers, wherever it stands; the header may stand again on every page. No row of a
table that names a file, a package or a digest is dropped.
"""
from __future__ import annotations

import csv
import marshal
import re
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple

from carriers.model import Finding

from .fields import field_of, fields_in
from .form import CarrierLine, DigestLine, FormUnreadable, Lines, Scope
from .normalise import (
    ALGORITHM_OF_DIGITS,
    DIGEST_DIGITS,
    algorithm_named,
    declared_count,
    identifiers,
    is_number,
    label,
    size_unit,
    split_digest,
)

_PROGRAM = Path(__file__).with_name("sheets.py")
SECONDS = 110                               # the child is stopped by its own bound of processor time before that
MAX_ROWS = 2_000_000
HEADER_ROWS = 50                            # of a csv: within them stands the header
LONGEST_HEADER, LONGEST_PATH, SHOWN = 120, 32_767, 80

Cell = str | tuple[str]                     # a tuple: a number, date or truth value that a spreadsheet made of a text
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

    def note_fields(self, cells: Sequence[Cell]) -> None:
        """Take the fields of a row; the first value that is not blank counts."""
        for name, value in fields_in([text_of(cell) for cell in cells]).items():
            self.fields[name] = self.fields.get(name) or value


class DigestColumn(NamedTuple):
    at: int
    title: str
    algorithm: str


class Header(NamedTuple):
    """The columns of a table: identifier → index. is_list: its rows are lines; is_catalogue: its rows are carriers.

    whole_paths: the path has the name in it, and no folder is to be joined with the name beside it.
    """

    columns: dict[str, int]
    digests: tuple[DigestColumn, ...]
    unit: str
    width: int
    is_list: bool
    is_catalogue: bool
    whole_paths: bool = False


# --- opening ---------------------------------------------------------------------------------------------------

def read_workbook(raw: bytes, file_name: str) -> Tables:
    """Read a workbook in a child process.

    Raises: FormUnreadable form-broken, form-protected, form-macro, form-bomb, form-is-image, form-unknown-layout.
    """
    try:
        child = subprocess.run([sys.executable, "-I", str(_PROGRAM)], input=raw, capture_output=True, timeout=SECONDS)
    except subprocess.TimeoutExpired as error:
        raise FormUnreadable("form-bomb", file=file_name) from error
    if child.returncode in (-signal.SIGABRT, -signal.SIGXCPU, -signal.SIGKILL, -signal.SIGSEGV):
        raise FormUnreadable("form-bomb", file=file_name)
    if child.returncode and b"panicked at" in child.stderr:
        raise FormUnreadable("form-broken", file=file_name)
    if child.returncode:
        raise RuntimeError(child.stderr.decode(errors="replace"))
    answer = marshal.loads(child.stdout)
    if answer[0] == "refused":
        raise FormUnreadable(answer[1], file=file_name, kind=answer[2])
    return read_sheets([Sheet(name, enumerate(rows, start=1), merged) for name, rows, merged in answer[1]])


def read_csv(lines: Iterator[str], file_name: str) -> tuple[Tables | None, Iterator[str]]:
    """Read a text as a table; where it has no header row of a table, None and all its lines again.

    The delimiter is the one by which the header has most columns. A row whose quotes swallow lines with digests is
    not believed: each of those lines is kept as malformed.
    Raises: FormUnreadable form-broken (quotes that do not close), form-bomb.
    """
    head = list(islice(lines, HEADER_ROWS))
    delimiter = _delimiter(head)
    rest = chain(head, lines)
    if not delimiter:
        return None, rest
    return read_sheets([Sheet("", _csv_rows(rest, delimiter, file_name), delimited=True)]), iter(())


def _delimiter(head: Sequence[str]) -> str:
    best, most = "", 0
    if any(text.startswith("%%%%") for text in head):        # hashdeep's own header reads like one of a table
        return ""
    for delimiter in (",", "\t", ";"):
        if not any(delimiter in text for text in head):
            continue
        try:
            for cells in csv.reader((text + "\n" for text in head), delimiter=delimiter):
                header = header_of(cells)
                if header and len(header.columns) + len(header.digests) > most:
                    best, most = delimiter, len(header.columns) + len(header.digests)
        except csv.Error:
            continue
    return best


def _csv_rows(lines: Iterable[str], delimiter: str, file_name: str) -> Iterator[Row]:
    reader = csv.reader((text.replace("\0", "\ufffd") + "\n" for text in lines), delimiter=delimiter, strict=True)
    line_no = 1
    try:
        for cells in reader:
            if reader.line_num > MAX_ROWS:
                raise FormUnreadable("form-bomb", file=file_name, limit=MAX_ROWS)
            if reader.line_num > line_no and any(_SWALLOWED.search(cell) for cell in cells):
                yield from ((line_no + n, [text]) for n, text in enumerate(delimiter.join(cells).split("\n")))
            else:
                yield line_no, [_AS_TEXT.sub(r"\1", cell) if cell[:2] == '="' else cell for cell in cells]
            line_no = reader.line_num + 1
    except csv.Error as error:
        raise FormUnreadable("form-broken", file=file_name, line=line_no) from error


_SWALLOWED = re.compile(r"\n(?s:.*)[0-9A-Fa-f]{32}|[0-9A-Fa-f]{32}[^\n]*[^0-9A-Fa-f\n][^\n]*\n")
_AS_TEXT = re.compile(r'="(.*)"', re.DOTALL)                # how csv tells Excel that digits are a text


# --- headers ---------------------------------------------------------------------------------------------------

_HEADER = re.compile(r"(.*?)[(\[/:]([^()\[\]]*)[)\]]?")
_DECORATION = re.compile(r"[()\[\]/:、,_-]")


def text_of(cell: Cell) -> str:
    return cell.strip() if isinstance(cell, str) else cell[0]


def header_of(cells: Sequence[Cell]) -> Header | None:
    """The columns that a row of headers names; None where the row is no header of a table that we know.

    A list needs a digest column and one for files, packages or carriers; a catalogue needs carrier numbers and one of
    form, label, serial number or set. A row with a digest or a number in it is no header.
    """
    columns: dict[str, int] = {}
    digests: list[DigestColumn] = []
    unit, filled, whole_paths = "", 0, False
    for index, cell in enumerate(cells):
        text = text_of(cell)
        filled += bool(text)
        if isinstance(cell, tuple) or (len(text) >= 32 and split_digest(text)):
            return None
        if not text or len(text) > LONGEST_HEADER:
            continue
        name, algorithm = _column(text)
        whole_paths |= name == "full_path"
        name = "path" if name == "full_path" else name
        if name == "digest":
            digests.append(DigestColumn(index, text, algorithm))
        elif name == "size" and (name not in columns or size_unit(text) == "B"):
            columns[name], unit = index, size_unit(text)
        elif name:
            columns.setdefault(name, index)
    is_list = bool(digests) and bool(columns.keys() & {"path", "name", "carrier_no", "package_no"})
    described = bool(columns.keys() & {"carrier_form", "volume_label", "serial_no"})
    is_catalogue = "carrier_no" in columns and not columns.keys() & {"path", "name"} and (
        described or ("set_code" in columns and not digests))
    other = "title" in columns and "archival_code" in columns
    is_catalogue = is_catalogue and 2 * (len(columns) + len(digests)) > filled
    if not (is_list or is_catalogue or other):
        return None
    return Header(columns, tuple(digests), unit, len(cells), is_list, is_catalogue, whole_paths)


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
            else:
                tables.note_fields(row[1])
    for table, (line_no, cells) in held:
        table.take(line_no, cells)
    return tables


class _Table:
    """One table under one header, taking its rows in order."""

    def __init__(self, tables: Tables, header: Header, sheet: Sheet) -> None:
        self._tables, self._header, self._sheet = tables, header, sheet
        self._package_no = ""                               # of the row above, for cells left blank below it
        self._in_notes = False
        self._scoped = bool(header.columns.keys() & {"scope", "split_parts"})
        package = header.columns.get("carrier_no", header.columns.get("package_no", -1))
        self._merged_packages = {row for top, left, bottom, right in sheet.merged if left <= package <= right
                                 for row in range(top + 1, min(bottom, MAX_ROWS) + 1)}
        self._merged_digests = {(row, column.at) for top, left, bottom, right in sheet.merged if top < bottom
                                for column in header.digests if left <= column.at <= right
                                for row in range(top, min(bottom, MAX_ROWS) + 1)}
        self._wide = {top for top, left, _, right in sheet.merged if left < right}

    def may_end(self, cells: Sequence[Cell]) -> bool:
        """Whether a row could be another header: no digest stands in its digest column."""
        column = self._header.digests[0].at if self._header.digests else -1
        return column < 0 or column >= len(cells) or len(cells[column]) < 24 and isinstance(cells[column], str)

    def names_algorithm(self, cells: Sequence[Cell]) -> bool:
        """Whether the algorithm of every digest stands in its column's head or in the row: no title is waited for."""
        return self._text(cells, "algorithm") != "" or all(column.algorithm for column in self._header.digests)

    def _text(self, cells: Sequence[Cell], name: str) -> str:
        at = self._header.columns.get(name, -1)
        return text_of(cells[at]) if 0 <= at < len(cells) else ""

    def take(self, line_no: int, cells: Sequence[Cell]) -> None:
        """Take one row under the header."""
        if not (self._header.is_list or self._header.is_catalogue):
            return
        digests = [(column, cells[column.at]) for column in self._header.digests
                   if column.at < len(cells) and text_of(cells[column.at])]
        path = self._path(cells)
        package_no = self._package(cells, path)
        if not digests or len(text_of(digests[0][1])) < 24:
            lost = any(_LOST_DIGEST.search(text_of(cell)) for cell in cells)        # in a column where none belongs
            nothing = not (digests or package_no or path or lost)
            if nothing or (not lost and self._is_foot(cells)) or (not digests and self._is_note(line_no, cells)):
                self._tables.note_fields(cells)
                return
        if self._header.is_catalogue and (carrier_no := self._text(cells, "carrier_no")):
            self._tables.carriers.append(self._carrier(cells, carrier_no))
        if not self._header.is_list:
            return
        merged = line_no - 1 in self._merged_packages
        if package_no:
            self._package_no = package_no
        elif merged or (path and digests):
            package_no = self._package_no
        if self._sheet.delimited and any(map(text_of, cells[self._header.width:])):
            self._reject(line_no, cells, (package_no, path), "cells")
            return
        if self._header.whole_paths and path not in (self._text(cells, "path"), self._text(cells, "name")):
            self._reject(line_no, cells, (package_no, self._text(cells, "path")), "names-differ")
            return
        if not digests and not self._header.is_catalogue:
            self._reject(line_no, cells, (package_no, path), "digest-empty")
        for column, cell in digests:
            self._digest(line_no, cells, (package_no, path), (column, cell))

    def _package(self, cells: Sequence[Cell], path: str) -> str:
        """The carrier's number; the package's own where the row names both and no file."""
        carrier_no, package_no = self._text(cells, "carrier_no"), self._text(cells, "package_no")
        return carrier_no if carrier_no and (path or not package_no) else package_no or carrier_no

    def _path(self, cells: Sequence[Cell]) -> str:
        """The path; a folder and a name in two columns are joined."""
        path, name = self._text(cells, "path"), self._text(cells, "name")
        if not path or not name:
            return path or name
        if re.split(r"[/\\]", path)[-1] == name:
            return path
        slash = "\\" if "\\" in path else "/"
        return path.rstrip("/\\") + slash + name

    def _is_foot(self, cells: Sequence[Cell]) -> bool:
        """Whether a row without a digest is a total, or fields below the table: no line."""
        first = next(filter(None, map(text_of, cells)))
        word = _WORD_END.split(label(first), maxsplit=1)[0]
        return identifiers("words").get(word) == "totals" or field_of(first) is not None or bool(fields_in([first]))

    def _is_note(self, line_no: int, cells: Sequence[Cell]) -> bool:
        """Whether a row without a digest is a note: alone in its row, and it says so, follows one, or is merged."""
        filled = [*filter(None, map(text_of, cells))]
        word = _NOTE.split(label(filled[0]), maxsplit=1)[0]
        says_so = identifiers("words").get(word) == "notes"
        if len(filled) == 1 and (says_so or self._in_notes or line_no - 1 in self._wide):
            self._in_notes = True
            return True
        return False

    def _carrier(self, cells: Sequence[Cell], carrier_no: str) -> CarrierLine:
        texts = {name: self._text(cells, name) for name in (
            "carrier_form", "carrier_model", "volume_label", "serial_no", "content_note", "set_code")}
        packages = self._text(cells, "package_nos") or self._text(cells, "package_no")
        in_bytes = self._header.unit == "B"
        return CarrierLine(
            carrier_no, **texts, file_count=declared_count(self._text(cells, "file_count")),
            byte_count=declared_count(self._text(cells, "size")) if in_bytes else None,
            package_nos=tuple(filter(None, re.split(r"[\s,，、;；]+", packages))))

    def _scope(self, cells: Sequence[Cell], path: str) -> Scope | None:
        """What the digest was made over; None where the form says it in words that we do not know."""
        if not self._scoped:
            return Scope.FILE if path else Scope.PACKAGE
        written, split = label(self._text(cells, "scope")), label(self._text(cells, "split_parts"))
        if written and written not in identifiers("scopes"):
            return None
        scope = Scope(identifiers("scopes")[written]) if written else Scope.FILE
        if not written and ((declared_count(split) or 0) > 1 or identifiers("words").get(split) == "yes"):
            scope = Scope.PARTS
        return Scope.PACKAGE if scope is Scope.FILE and not path else scope

    def _size(self, cells: Sequence[Cell]) -> str:
        text = self._text(cells, "size")
        if not any(map(str.isdigit, text)):
            return ""
        return text if size_unit(text) else text + self._header.unit

    def _digest(self, line_no: int, cells: Sequence[Cell], names: tuple[str, str],
                cell: tuple[DigestColumn, Cell]) -> None:
        """One digest cell: one line, or one for each algorithm that the cell names."""
        column, written = cell
        text, (package_no, path) = text_of(written), names
        scope = self._scope(cells, path)
        if isinstance(written, tuple) or is_number(text):
            facts: dict[str, str | int] = {
                "line": line_no, "row": line_no, "column": column.title, "value": text[:SHOWN]}
            self._keep(DigestLine(line_no, package_no, path, scope or Scope.FILE, column.algorithm, "",
                                  self._size(cells), "form-digest-is-number"), facts)
            return
        found = self._algorithms(text, cells, column)
        if (line_no - 1, column.at) in self._merged_digests:
            self._reject(line_no, cells, names, "digest-merged")
        elif not _is_name(path.replace("\n", ";") if scope is Scope.PARTS else path):
            self._reject(line_no, cells, names, "name")
        elif scope is None:
            self._reject(line_no, cells, names, "scope")
        elif not found:
            self._reject(line_no, cells, names, "digest")
        elif scope is Scope.PACKAGE and not package_no:
            self._reject(line_no, cells, names, "nothing-named")
        else:
            size = self._size(cells)
            parts = declared_count(self._text(cells, "split_parts")) or 0 if scope is Scope.PARTS else 0
            for algorithm, digest in found:
                if DIGEST_DIGITS.get(algorithm) == len(digest):
                    self._tables.lines.append(
                        DigestLine(line_no, package_no, path, scope, algorithm, digest, size, "", parts))
                    continue
                known = algorithm if algorithm in DIGEST_DIGITS else ""
                self._keep(DigestLine(line_no, package_no, path, scope, known, "", size, "form-digest-length"),
                           {"line": line_no, "length": len(digest), "content": _content(cells),
                            "reason": "" if algorithm else "algorithm-unnamed"})

    def _algorithms(self, text: str, cells: Sequence[Cell], column: DigestColumn) -> list[tuple[str, str]]:
        """The digests of a cell with their algorithms, as named in the cell, the row, the header, the title, or else
        told by the length; none where a digest is no hex or two of those names contradict each other."""
        whole = split_digest(text)
        title = algorithm_named(self._tables.fields.get("digest_alg", ""))
        row = self._text(cells, "algorithm")
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

    def _reject(self, line_no: int, cells: Sequence[Cell], names: tuple[str, str], reason: str) -> None:
        path = names[1] if _is_name(names[1]) else ""
        scope = self._scope(cells, path) or Scope.FILE
        self._keep(DigestLine(line_no, names[0], path, scope, "", "", self._size(cells), "form-line-malformed"),
                   {"line": line_no, "content": _content(cells), "reason": reason})

    def _keep(self, line: DigestLine, facts: dict[str, str | int]) -> None:
        """Keep a line with a defect, and say why."""
        self._tables.lines.append(line)
        facts = {**facts, "sheet": self._sheet.name, "package_no": line.package_no}
        self._tables.findings.append(Finding(line.defect, line.path, facts=facts))


def _content(cells: Sequence[Cell]) -> str:
    return " | ".join(filter(None, map(text_of, cells)))[:SHOWN]


_BETWEEN = re.compile(r"[\n;,；，、]")
_LOST_DIGEST = re.compile(r"[0-9A-Fa-f]{32}")
_NO_NAME = re.compile("[\0\n\r\ufffd]")
_WORD_END = re.compile(r"[\d:.、,;(]")
_NOTE = re.compile(r"\d*[:、]")


def _is_name(path: str) -> bool:
    return len(path) <= LONGEST_PATH and not _NO_NAME.search(path)
