"""A program of its own: the bytes of a workbook or document on stdin → its cells on stdout (marshal). Never imported.

`workbook.py` starts it with a bound on memory and time, because a workbook of a few kilobytes can ask for all there is
(compressed content, one cell in the last corner, one long text in a million cells) and no reader of workbooks guards
against it; a crash of the reader then costs this process only.

Output: ("sheets", [(name, rows, merged)]) or ("refused", code, kind). A row is a tuple of cells, blank ones at its end
left off: text, or bytes where the spreadsheet holds a number, date or truth value. merged: rectangles
(top, left, bottom, right), from 0. Of a document every table is a sheet, and so is what stands between two tables:
one row a line, its cells parted by tabs.
"""
from __future__ import annotations

import gc
import io
import marshal
import re
import resource
import struct
import sys
import tempfile
import zipfile
import zlib
from bisect import bisect_right
from collections import Counter, deque
from collections.abc import Iterator
from typing import Any, NamedTuple
from xml.parsers import expat

import python_calamine

MEMORY_BYTES, SECONDS = 2 << 30, 100
UNPACKED_BYTES, RATIO, RATIO_FROM_BYTES, ENTRIES = 512 << 20, 200, 10 << 20, 10_000
DIRECTORY_BYTES = 8 << 20                  # of a zip file; looked at before the directory is read
ROWS, TEXT_BYTES = 2_000_000, 512 << 20
REPEATED = 16_384                          # an ods: one cell or row with something in it, so often
COLUMNS = 1_000                            # of a table in a document; Word has 63
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, UnicodeDecodeError, struct.error,
            ValueError, OSError)

Cells = tuple[str | bytes, ...]
Merged = tuple[int, int, int, int]
Page = tuple[str, list[Cells], list[Merged]]


class Refusal(Exception):
    """Not to be opened. code: of the refusal; kind: of the file."""

    def __init__(self, code: str, kind: str = "") -> None:
        super().__init__(code)
        self.code, self.kind = code, kind


# --- what kind of file -------------------------------------------------------------------------------------------

_OLE_KINDS = (("EncryptedPackage", "form-protected", ""), ("_VBA_PROJECT_CUR", "form-macro", ""),
              ("WordDocument", "form-wrong-kind", "doc"), ("PowerPoint Document", "form-wrong-kind", "ppt"))
_ZIP_KINDS = (("xl/workbook.bin", "xlsb"), ("index/document.iwa", "iwork"), ("ofd.xml", "ofd"),
              ("ppt/presentation.xml", "ppt"))
_ODS = b"application/vnd.oasis.opendocument.spreadsheet"
_MACRO = re.compile(r".*vbaproject\.bin|xl/macrosheets/.*|(basic|scripts)/(?!.*script-l[bc]\.xml).*[^/]")
_REPEATED = re.compile(rb'number-(rows|columns)-repeated="(\d{5,20})"')
# A formula without the value that it had: a program wrote it that computes nothing, and a reader takes it as blank.
_SHEET = re.compile(r"/?xl/worksheets/[^/]+\.xml", re.IGNORECASE)
_UNCOMPUTED = re.compile(rb"(?:</(?:\w+:)?f>|<(?:\w+:)?f(?:\s[^<>]*)?/>)\s*</(?:\w+:)?c>")
_UNCOMPUTED_ODS = re.compile(rb"<table:table-cell\b(?=[^<>]*\stable:formula=)(?![^<>]*\soffice:value-type=)[^<>]*>")
_DOCUMENT = re.compile(r"word/document\d*\.xml")
_MARGIN = re.compile(r"word/(header\d*|footer\d*|footnotes|endnotes)\.xml")


def look(raw: bytes) -> zipfile.ZipFile | None:
    """The archive of a file that may be opened, its content proven whole; None for one that is no archive.

    Raises: Refusal; whatever is in `_DAMAGED`.
    """
    if not raw.startswith(b"PK"):
        for stream, code, kind in _OLE_KINDS:
            if _has_stream(raw, stream):
                raise Refusal(code, kind)
        return None
    end = raw.rfind(b"PK\x05\x06", max(0, len(raw) - 65_557))
    if end < 0 or len(raw) < end + 22:
        raise Refusal("form-broken")
    directory_bytes = int.from_bytes(raw[end + 12:end + 16], "little")
    if raw[end - 20:end - 16] == b"PK\x06\x07" and raw[end - 76:end - 72] == b"PK\x06\x06":         # zip64
        directory_bytes = int.from_bytes(raw[end - 36:end - 28], "little")
    if directory_bytes > DIRECTORY_BYTES:
        raise Refusal("form-bomb")
    archive = zipfile.ZipFile(io.BytesIO(raw))
    _look_inside(archive)
    return archive


def _has_stream(raw: bytes, name: str) -> bool:
    """Whether a compound file has a stream or storage of this name. Source: MS-CFB 2.6.1 (entries of 128 bytes)."""
    written = name.encode("utf-16-le")
    at = raw.find(written)
    while at >= 0:
        if at % 128 == 0 and raw[at + 64:at + 66] == (len(written) + 2).to_bytes(2, "little"):
            return True
        at = raw.find(written, at + 1)
    return False


def _look_inside(archive: zipfile.ZipFile) -> None:
    entries = archive.infolist()
    unpacked = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    if len(entries) > ENTRIES or unpacked > UNPACKED_BYTES:
        raise Refusal("form-bomb")
    if unpacked > RATIO_FROM_BYTES and unpacked > RATIO * packed:
        raise Refusal("form-bomb")
    if any(entry.flag_bits & 1 for entry in entries):
        raise Refusal("form-protected")
    names = {entry.filename.replace("\\", "/").lower() for entry in entries}
    if len(names) < len(entries):                            # which of two is read is up to the reader
        raise Refusal("form-broken")
    if any(map(_MACRO.fullmatch, names)):
        raise Refusal("form-macro")
    for name, kind in _ZIP_KINDS:
        if name in names:
            raise Refusal("form-wrong-kind", kind)
    is_ods, is_document = "content.xml" in names, any(map(_DOCUMENT.fullmatch, names))
    if not (is_ods or is_document or any(name.startswith("xl/") for name in names)):
        raise Refusal("form-wrong-kind", "zip")
    if is_document and any(name.startswith("word/embeddings/") for name in names):
        raise Refusal("form-embedded")
    if archive.testzip():
        raise Refusal("form-broken")
    if is_ods:
        _look_inside_ods(archive, names)
    elif not is_document:
        for entry in entries:
            if _SHEET.fullmatch(entry.filename) and _UNCOMPUTED.search(archive.read(entry)):
                raise Refusal("form-uncomputed")


def _look_inside_ods(archive: zipfile.ZipFile, names: set[str]) -> None:
    if "mimetype" in names and not archive.read("mimetype").startswith(_ODS):
        raise Refusal("form-wrong-kind", "odf")
    if "meta-inf/manifest.xml" in names and b"encryption-data" in archive.read("META-INF/manifest.xml"):
        raise Refusal("form-protected")
    content = archive.read("content.xml")
    try:
        expat.ParserCreate().Parse(content, True)            # one left open sends the reader of ods round for ever
    except (expat.ExpatError, LookupError) as error:         # LookupError: an encoding that nobody knows
        raise Refusal("form-broken") from error
    if _UNCOMPUTED_ODS.search(content):
        raise Refusal("form-uncomputed")
    for match in _REPEATED.finditer(content):
        rows = match[1] == b"rows"
        end = content.find(b"table-row>" if rows else b">", match.end())
        blank = end < 0 or (b"<text:p" not in content[match.end():end] if rows else content[end - 1:end] == b"/")
        if int(match[2]) > REPEATED and not blank:           # blank ones go to the sheet's end, as every program writes
            raise Refusal("form-bomb")


# --- workbooks ---------------------------------------------------------------------------------------------------

def cell(value: object) -> str | bytes:
    """Text as it is; anything that the spreadsheet made of text, as bytes."""
    if isinstance(value, str):
        return value
    if isinstance(value, float) and abs(value) < 1e15 and value.is_integer():
        return b"%d" % value
    return str(value).encode()


def _opened(raw: bytes) -> python_calamine.CalamineWorkbook:
    try:
        return python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(raw))
    except python_calamine.CalamineError:
        if raw.startswith(b"PK"):
            raise
    # Only of a file with a name does it say why an .xls cannot be opened: broken or protected.
    with tempfile.NamedTemporaryFile(suffix=".xls") as file:
        file.write(raw)
        file.flush()
        return python_calamine.CalamineWorkbook.from_path(file.name)


def sheets(raw: bytes) -> list[Page]:
    """All sheets, hidden ones too: what they list was submitted.

    Raises: MemoryError where there are more rows than any form has; Refusal.
    """
    book = _opened(raw)
    found, row_count = list[Page](), 0
    if len({meta.name for meta in book.sheets_metadata}) < len(book.sheets_metadata):
        raise Refusal("form-broken")                         # of two of one name the reader gives the first twice
    for meta in book.sheets_metadata:
        if meta.typ in (python_calamine.SheetTypeEnum.MacroSheet, python_calamine.SheetTypeEnum.Vba):
            raise Refusal("form-macro")
        if meta.typ != python_calamine.SheetTypeEnum.WorkSheet:
            continue
        sheet = book.get_sheet_by_name(meta.name)
        rows = []
        for values in sheet.iter_rows():
            while values and values[-1] == "":
                values.pop()
            rows.append(tuple([value if type(value) is str else cell(value) for value in values]))
            row_count += 1
            if row_count > ROWS:
                raise MemoryError
        left = sheet.start[1] if sheet.start else 0
        merged = [(top, begin - left, bottom, end - left)
                  for (top, begin), (bottom, end) in sheet.merged_cell_ranges or ()]
        found.append((meta.name, rows, merged))
    return found


# --- documents ---------------------------------------------------------------------------------------------------

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_MARKS = {_W + "br": "\n", _W + "cr": "\n", _W + "tab": "\t", _W + "noBreakHyphen": "-",
          _W + "sym": "\ufffd"}                              # a sign of a font of its own: nobody knows which letter
# what is not on the paper: struck out by a tracked change, moved away, properties, how a character is pronounced
_GONE = {_W + name for name in ("del", "moveFrom", "pPr", "rPr", "tblPr", "trPr", "tcPr", "sectPr", "sdtPr", "rt")}


class _Placed(NamedTuple):
    """A cell of a table on the table's grid. below: it continues the merged cell above."""

    at: int
    span: int
    below: bool
    begins: bool
    text: str


def document(archive: zipfile.ZipFile) -> list[Page]:
    """Every table of a document, nested ones and those in text boxes, margins and notes too; and the text around.

    As printed: without what a tracked change took out, with what it put in, without hidden text.
    Raises: Refusal. Source: ECMA-376-1 §17.4 (tables), §17.13.5 (tracked changes), §17.3.2.41 (hidden text).
    """
    from docx.oxml.parser import parse_xml  # not at the top: it takes a tenth of a second, and workbooks need it not

    names = sorted(name for name in archive.namelist() if _DOCUMENT.fullmatch(name) or _MARGIN.fullmatch(name))
    pages: list[Page] = []
    for name in names:
        try:
            root: Any = parse_xml(archive.read(name))
        except SyntaxError as error:                         # what lxml's own error is
            raise Refusal("form-broken") from error
        if not root.tag.startswith(_W) or root.getroottree().docinfo.internalDTD is not None:
            raise Refusal("form-broken")
        waiting = deque([root])
        while waiting:
            pages += _pages(waiting.popleft(), waiting)
    if sum(len(rows) for _, rows, _ in pages) > ROWS:
        raise MemoryError
    return pages


def _pages(container: Any, waiting: deque[Any]) -> Iterator[Page]:
    lines: list[Cells] = []
    for block in _blocks(container):
        if block.tag == _W + "p":
            text = _text(block, waiting)
            lines += [tuple(line.split("\t")) for line in text.split("\n") if line]
            continue
        if lines:
            yield "", lines, []
            lines = []
        yield "", *_table(block, waiting)
    if lines:
        yield "", lines, []


def _shown(element: Any) -> Iterator[Any]:
    """The children that are on the paper; of alternatives the first."""
    for child in element:
        if child.tag == _MC + "AlternateContent":
            choice = next((c for c in child if c.tag in (_MC + "Choice", _MC + "Fallback")), None)
            if choice is not None:
                yield from _shown(choice)
        elif child.tag == _W + "altChunk":
            raise Refusal("form-embedded")
        elif child.tag not in _GONE and isinstance(child.tag, str):
            yield child


def _blocks(container: Any) -> Iterator[Any]:
    """Paragraphs and tables in their order, those inside content controls and insertions too."""
    for child in _shown(container):
        if child.tag in (_W + "p", _W + "tbl"):
            yield child
        else:
            yield from _blocks(child)


def _text(element: Any, waiting: deque[Any]) -> str:
    """The text of a paragraph; text boxes in it go to `waiting`."""
    parts = []
    for child in _shown(element):
        if child.tag == _W + "t":
            parts.append(child.text or "")
        elif child.tag in _MARKS:
            parts.append(_MARKS[child.tag])
        elif child.tag == _W + "txbxContent":
            waiting.append(child)
        elif child.tag != _W + "r" or not _is_on(child.find(_W + "rPr"), "vanish"):
            parts.append(_text(child, waiting))
    return "".join(parts)


def _is_on(properties: Any, name: str) -> bool:
    found = None if properties is None else properties.find(_W + name)
    return found is not None and found.get(_W + "val", "1") not in ("0", "false", "off")


def _number(properties: Any, name: str) -> int:
    found = None if properties is None else properties.find(_W + name)
    written = "" if found is None else found.get(_W + "val", "")
    return min(int(written), COLUMNS) if written.isascii() and written.isdigit() else 0


def _table(table: Any, waiting: deque[Any]) -> tuple[list[Cells], list[Merged]]:
    """A table's rows and merged rectangles.

    Column edges drawn by hand seldom meet: rows with as many cells as most have are taken cell by cell, and only the
    others by the grid, under the row above them.
    """
    rows = [_row(row, waiting) for row in _rows(table)]
    usual = Counter(len(row) for row in rows).most_common(1)[0][0] if rows else 0
    starts = next(([cell.at for cell in row] for row in rows if len(row) == usual), [])
    found, merged = list[Cells](), list[Merged]()
    open_at: dict[int, int] = {}                             # column → top row of a cell merged downwards
    downwards: dict[tuple[int, int], int] = {}               # the same → its last row
    for number, row in enumerate(rows):
        cells: list[str] = []
        if len(row) == usual:
            starts = [cell.at for cell in row]
        for placed in row:
            column = len(cells) if len(row) == usual else max(len(cells), bisect_right(starts, placed.at) - 1)
            cells += [""] * (column - len(cells)) + [placed.text]
            last = bisect_right(starts, placed.at + placed.span - 1) - 1
            if len(row) != usual and last > column:
                merged.append((number, column, number, last))
            if placed.below and column in open_at:
                downwards[column, open_at[column]] = number
            elif placed.begins:
                open_at[column] = number
            else:
                open_at.pop(column, None)
        while cells and not cells[-1]:
            cells.pop()
        found.append(tuple(cells))
    return found, merged + [(top, column, last, column) for (column, top), last in downwards.items()]


def _rows(table: Any) -> Iterator[Any]:
    for child in _shown(table):
        if child.tag != _W + "tr":
            yield from _rows(child)
            continue
        properties = child.find(_W + "trPr")
        struck = properties is not None and properties.find(_W + "del") is not None
        if not struck and not _is_on(properties, "hidden"):
            yield child


def _row(row: Any, waiting: deque[Any]) -> list[_Placed]:
    placed, at = [], _number(row.find(_W + "trPr"), "gridBefore")
    for child in _cells(row):
        properties = child.find(_W + "tcPr")
        span = _number(properties, "gridSpan") or 1
        merge = None if properties is None else properties.find(_W + "vMerge")
        begins = merge is not None and merge.get(_W + "val") == "restart"
        texts = []
        for block in _blocks(child):
            if block.tag == _W + "p":
                texts.append(_text(block, waiting))
            else:
                waiting.append([block])                      # a table in a cell is a table of its own
        placed.append(_Placed(at, span, merge is not None and not begins, begins, "\n".join(texts).strip()))
        at += span
    return placed


def _cells(row: Any) -> Iterator[Any]:
    for child in _shown(row):
        if child.tag == _W + "tc":
            yield child
        else:
            yield from _cells(child)


# --- the answer --------------------------------------------------------------------------------------------------

def answer(raw: bytes) -> Any:
    """What goes to stdout."""
    try:
        archive = look(raw)
        is_document = archive is not None and any(map(_DOCUMENT.fullmatch, archive.namelist()))
        return "sheets", document(archive) if archive is not None and is_document else sheets(raw)
    except Refusal as refusal:
        return "refused", refusal.code, refusal.kind
    except python_calamine.PasswordError:
        return "refused", "form-protected", ""
    except (python_calamine.CalamineError, *_DAMAGED):
        return "refused", "form-broken", ""
    except (MemoryError, RecursionError):
        return "refused", "form-bomb", ""


def main() -> None:
    """Read, answer, with bounds on memory and processor time. Raises: MemoryError as an answer where it is too long."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    gc.disable()                                             # a million rows, none of them in a circle
    written = marshal.dumps(answer(sys.stdin.buffer.read()))
    if len(written) > TEXT_BYTES:
        written = marshal.dumps(("refused", "form-bomb", ""))
    sys.stdout.buffer.write(written)


if __name__ == "__main__":
    main()
