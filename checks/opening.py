"""Opening a form that is a table: workbooks (xlsx, xls, ods, et) and documents in a child process, csv here.

Takes bytes or lines, gives the `Tables` of `workbook.py`; relies on `sheets.py`, the child's program.
"""
from __future__ import annotations

import csv
import marshal
import re
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path

from .form import FormUnreadable
from .workbook import MAX_ROWS, Row, Sheet, Tables, header_of, read_sheets

_PROGRAM = Path(__file__).with_name("sheets.py")
SECONDS = 110                               # the child is stopped by its own bound of processor time before that
HEADER_ROWS = 50                            # of a csv: within them stands the header


def read_workbook(raw: bytes, file_name: str) -> Tables:
    """The tables of digests and carriers in a workbook or document. Raises: as `sheets_of`."""
    return read_sheets(sheets_of(raw, file_name))


def sheets_of(raw: bytes, file_name: str) -> list[Sheet]:
    """The sheets of a workbook or document, read in a child process.

    Raises: FormUnreadable form-broken, form-protected, form-macro, form-embedded, form-uncomputed, form-bomb,
    form-wrong-kind, form-empty.
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
    if not any(any(map(any, rows)) for _, rows, _ in answer[1]):
        raise FormUnreadable("form-empty", file=file_name)
    return [Sheet(name, enumerate(rows, start=1), merged) for name, rows, merged in answer[1]]


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
