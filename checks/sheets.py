"""A program of its own: a workbook's bytes on stdin → its cells on stdout (marshal). Never imported.

`workbook.py` starts it with a bound on memory and time, because a workbook of a few kilobytes can ask for all there is
(compressed content, one cell in the last corner, one long text in a million cells) and no reader of workbooks guards
against it; a crash of the reader then costs this process only.

Output: ("sheets", [(name, rows, merged)]) or ("refused", code, kind). A row is a list of cells, blank ones at its end
left off: text, or a tuple of one text where the spreadsheet holds a number, date or truth value. merged: rectangles
(top, left, bottom, right), from 0.
"""
from __future__ import annotations

import io
import marshal
import resource
import struct
import sys
import tempfile
import zipfile
import zlib
from typing import Any

import python_calamine

MEMORY_BYTES, SECONDS = 2 << 30, 100
UNPACKED_BYTES, RATIO, RATIO_FROM_BYTES, ENTRIES = 512 << 20, 200, 10 << 20, 10_000
DIRECTORY_BYTES = 8 << 20                  # of a zip file; looked at before the directory is read
ROWS, TEXT_BYTES = 2_000_000, 512 << 20
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, UnicodeDecodeError, struct.error,
            ValueError, OSError)


def kind_of(raw: bytes) -> str:
    """"" for a workbook that may be opened, else the code of the refusal and, after a blank, the kind of file."""
    if not raw.startswith(b"PK"):
        if "EncryptedPackage".encode("utf-16-le") in raw:
            return "form-protected"
        is_document = "WordDocument".encode("utf-16-le") in raw and "Workbook".encode("utf-16-le") not in raw
        return "form-is-image doc" if is_document else ""
    end = raw.rfind(b"PK\x05\x06", max(0, len(raw) - 65_557))
    if end < 0 or len(raw) < end + 22:
        return "form-broken"
    if int.from_bytes(raw[end + 12:end + 16], "little") > DIRECTORY_BYTES or raw[end - 20:end - 16] == b"PK\x06\x07":
        return "form-bomb"
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        return _kind_of_zip(archive)


def _kind_of_zip(archive: zipfile.ZipFile) -> str:
    entries = archive.infolist()
    unpacked = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    if len(entries) > ENTRIES or unpacked > UNPACKED_BYTES:
        return "form-bomb"
    if unpacked > RATIO_FROM_BYTES and unpacked > RATIO * packed:
        return "form-bomb"
    if any(entry.flag_bits & 1 for entry in entries):
        return "form-protected"
    names = {entry.filename.replace("\\", "/").lower() for entry in entries}
    if any(name.endswith("vbaproject.bin") for name in names):
        return "form-macro"
    if "word/document.xml" in names:
        return "form-is-image docx"
    if not any(name.startswith("xl/") for name in names) and "content.xml" not in names:
        return "form-unknown-layout zip"
    return "form-broken" if archive.testzip() else ""


def cell(value: object) -> str | tuple[str]:
    """Text as it is; anything that the spreadsheet made of text, in a tuple."""
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return (str(int(value)),)
    return (str(value),)


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


def sheets(raw: bytes) -> list[tuple[str, list[list[str | tuple[str]]], list[tuple[int, int, int, int]]]]:
    """All sheets, hidden ones too: what they list was submitted.

    Raises: MemoryError where there are more rows or more text than any form has.
    """
    book = _opened(raw)
    found, row_count, text_bytes = [], 0, 0
    for meta in book.sheets_metadata:
        if meta.typ != python_calamine.SheetTypeEnum.WorkSheet:
            continue
        sheet = book.get_sheet_by_name(meta.name)
        rows = []
        for values in sheet.iter_rows():
            row = [value if type(value) is str else cell(value) for value in values]
            while row and row[-1] == "":
                row.pop()
            rows.append(row)
            row_count += 1
            text_bytes += sum(map(len, row))
            if row_count > ROWS or text_bytes > TEXT_BYTES:
                raise MemoryError
        left = sheet.start[1] if sheet.start else 0
        merged = [(top, begin - left, bottom, end - left)
                  for (top, begin), (bottom, end) in sheet.merged_cell_ranges or ()]
        found.append((meta.name, rows, merged))
    return found


def answer(raw: bytes) -> Any:
    """What goes to stdout."""
    try:
        code, _, kind = kind_of(raw).partition(" ")
        return ("refused", code, kind) if code else ("sheets", sheets(raw))
    except python_calamine.PasswordError:
        return "refused", "form-protected", ""
    except (python_calamine.CalamineError, *_DAMAGED):
        return "refused", "form-broken", ""
    except MemoryError:
        return "refused", "form-bomb", ""


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.stdout.buffer.write(marshal.dumps(answer(sys.stdin.buffer.read())))
