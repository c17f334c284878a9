"""The unit's side: a folder listed with its digests as a form (情况表 and 续表) in an .xlsx workbook.

Takes a folder, gives a workbook that a later intake compares with, relies on xlsxwriter and on the labels that
`checks` reads forms by. What cannot be listed unmistakably is refused, never left out.
"""
from __future__ import annotations

import hashlib
import os
import stat
import tempfile
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from xlsxwriter.exceptions import FileCreateError
from xlsxwriter.workbook import Workbook

from carriers.model import Refused
from checks.normalise import words
from station.home import sync_folder

Report = Callable[[int, int], None]                 # bytes done, bytes in all

# heading of the 续表, width in characters
COLUMNS = (("序号", 8), ("载体(包)编号", 24), ("文件名", 70), ("内容说明", 24), ("摘要算法", 10), ("数字摘要", 38),
           ("字节数", 16), ("摘要对象", 12))
_TEXT: dict[str, Any] = {"font_name": "宋体", "font_size": 11, "num_format": "@"}
_HEADING = _TEXT | {"bold": True, "border": 1}
_NUMBER = {"font_name": "宋体", "font_size": 11, "num_format": "0"}
_GB_BYTES = 1 << 30                                 # as units' Windows tools count; the bytes stand beside it
_UNSAFE = ("Cc", "Cf", "Cs", "Zl", "Zp")            # not Cn: ideographs newer than this Python are unassigned to it
_MOST_FILES = 1_048_576 - 1                         # rows of a sheet, less the heading
_LONGEST_CELL = 32_767                              # characters; what a cell of Excel holds
_READ_BYTES = 1 << 20


class ListedFile(NamedTuple):
    """A file of the unit's folder. path: `/` between components, relative to the folder."""

    path: str
    size_bytes: int


def list_files(folder: Path, leave_out: Path | None = None) -> list[ListedFile]:
    """Every file below a folder, in the order of its names; links are not followed.

    Raises: Refused `form-folder-unreadable` {path, reason}, `form-name-unsafe` {path}, `form-not-a-file` {path} (a
    link, a device: its content would be missing on the disc), `form-folder-empty` {path}.
    """
    here, own = folder.resolve(), leave_out.resolve() if leave_out else None
    own_path = own.relative_to(here).as_posix() if own and own.is_relative_to(here) else ""
    files = [file for file in _walk(folder, "") if file.path != own_path]
    if not files:
        raise Refused("form-folder-empty", path=str(folder))
    return files


def _walk(folder: Path, prefix: str) -> Iterator[ListedFile]:
    try:
        with os.scandir(folder / prefix) as entries:
            here = sorted(entries, key=lambda entry: entry.name)
        for entry in here:
            path = prefix + entry.name
            if not is_safe_name(entry.name) or path != path.strip():      # a form's reader takes outer blanks off
                raise Refused("form-name-unsafe", path=path)
            status = entry.stat(follow_symlinks=False)
            if stat.S_ISDIR(status.st_mode):
                yield from _walk(folder, path + "/")
            elif stat.S_ISREG(status.st_mode):
                yield ListedFile(path, status.st_size)
            else:
                raise Refused("form-not-a-file", path=path)
    except OSError as error:
        raise Refused("form-folder-unreadable", path=str(error.filename or folder),
                      reason=error.strerror or "") from error


def is_safe_name(name: str) -> bool:
    """Whether a name reads on a form as what it is: no control, format or surrogate character, no `\\`."""
    return "\\" not in name and all(unicodedata.category(c) not in _UNSAFE for c in name)


def labels() -> Mapping[str, str]:
    """Identifier → label of every field of the 情况表, in the order of the paper."""
    return {name: texts[0] for name, texts in words()["fields"].items()}


def write_form(folder: Path, out: Path, fields: Mapping[str, str], report: Report) -> int:
    """List a folder with the MD5 of every file as a form workbook; return how many files it lists.

    Args:    fields: identifiers of the 情况表 (`labels`) → text; carrier_from is the number of the one carrier.
             report: called while hashing. `out` itself is not listed and appears whole or not at all. Only what
             is known stands on the 情况表, since a blank field is a field missing; without fonds_no and unit_name
             there is a 续表 only.
    Raises:  Refused as `list_files`; `form-too-many-files` {count, limit}; `form-name-long` {path, limit};
             `form-file-unreadable` {path, reason}; `form-file-changed` {path}; `form-not-writable` {path, reason}.
    Source:  备份情况表 and its 续表, as `checks.form` names them.
    """
    unknown = fields.keys() - labels().keys()
    if unknown:
        raise ValueError(f"no such field of the form: {sorted(unknown)}")
    files = list_files(folder, leave_out=out)
    if len(files) > _MOST_FILES:
        raise Refused("form-too-many-files", count=len(files), limit=_MOST_FILES)
    for file in files:
        if len(file.path) > _LONGEST_CELL:
            raise Refused("form-name-long", path=file.path[:200], limit=_LONGEST_CELL)
    try:
        with tempfile.TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as scratch:
            made = Path(scratch, "form.xlsx")
            with Workbook(str(made), {"constant_memory": True, "tmpdir": scratch}) as workbook:
                if fields.get("fonds_no") and fields.get("unit_name"):
                    _write_summary(workbook, files, fields)
                _write_list(workbook, folder, files, fields.get("carrier_from", ""), report)
            publish(made, out)
    except (OSError, FileCreateError) as error:
        raise Refused("form-not-writable", path=str(out), reason=str(error)) from error
    return len(files)


def _write_summary(workbook: Workbook, files: Sequence[ListedFile], fields: Mapping[str, str]) -> None:
    in_all = sum(file.size_bytes for file in files)
    known = {"declared_gb": f"{in_all / _GB_BYTES:.3f}GB", "carrier_count": "1",
             "carrier_to": fields.get("carrier_from", "")}
    given = known | {name: text for name, text in fields.items() if text}
    rows = [(label, given[name]) for name, label in labels().items() if name in given]
    rows += [("文件数", str(len(files))), ("字节数", str(in_all))]
    sheet = workbook.add_worksheet("情况表")
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 1, 60)
    heading, plain = workbook.add_format(_HEADING), workbook.add_format(_TEXT)
    for row, (label, text) in enumerate(rows):
        sheet.write_string(row, 0, label, heading)
        sheet.write_string(row, 1, text, plain)


def _write_list(workbook: Workbook, folder: Path, files: Sequence[ListedFile], package_no: str,
                report: Report) -> None:
    sheet = workbook.add_worksheet("续表")
    heading, text, number = (workbook.add_format(look) for look in (_HEADING, _TEXT, _NUMBER))
    for column, (label, width) in enumerate(COLUMNS):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, label, heading)
    sheet.freeze_panes(1, 0)
    sheet.repeat_rows(0)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    in_all, done = sum(file.size_bytes for file in files), 0
    for row, file in enumerate(files, 1):
        cells = (package_no, file.path, "", "MD5", _md5_of(folder, file, (done, in_all), report))
        done += file.size_bytes
        sheet.write_number(row, 0, row, number)
        for column, written in enumerate(cells, 1):
            sheet.write_string(row, column, written, text)       # always text: a number would lose digits and zeros
        sheet.write_number(row, len(cells) + 1, file.size_bytes, number)
        sheet.write_string(row, len(cells) + 2, "单个文件", text)


def _md5_of(folder: Path, file: ListedFile, sums: tuple[int, int], report: Report) -> str:
    """The MD5 of a file that is still what was listed. sums: bytes before this file, bytes in all."""
    md5, done = hashlib.md5(usedforsecurity=False), 0
    before, in_all = sums
    try:
        descriptor = os.open(folder / file.path, os.O_RDONLY | os.O_NOFOLLOW)
        with open(descriptor, "rb", buffering=0) as stream:
            while done <= file.size_bytes and (piece := stream.read(_READ_BYTES)):
                md5.update(piece)
                done += len(piece)
                report(before + done, in_all)
    except OSError as error:
        raise Refused("form-file-unreadable", path=file.path, reason=error.strerror or "") from error
    if done != file.size_bytes:
        raise Refused("form-file-changed", path=file.path)
    return md5.hexdigest()


def publish(made: Path, out: Path) -> None:
    """Put a finished file in its place; it is on the disk before it has the name, which so never shows half of it."""
    with open(made, "rb") as stream:
        os.fsync(stream.fileno())
    made.replace(out)
    sync_folder(out.parent)
