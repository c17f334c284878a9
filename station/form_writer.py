"""The unit's side: a folder listed with its digests as the form workbook 备份情况表, or that workbook to be filled in.

Takes a folder, gives a workbook that a later intake compares with; relies on `form_book.py` for the sheets. What cannot
be listed unmistakably is refused, never left out.
"""
from __future__ import annotations

import hashlib
import os
import stat
import tempfile
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from xlsxwriter.exceptions import FileCreateError
from xlsxwriter.workbook import Workbook

from carriers.model import Refused
from station.form_book import FormBook, labels
from station.home import sync_folder

Report = Callable[[int, int], None]                 # bytes done, bytes in all

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


def write_form(folder: Path, out: Path, fields: Mapping[str, str], report: Report) -> int:
    """List a folder with the MD5 of every file as a form workbook; return how many files it lists.

    Args:    fields: identifiers of the 情况表 (`labels`) → text; carrier_from is the number of the one carrier.
             report: called while hashing. `out` itself is not listed and appears whole or not at all. Without fonds_no
             and unit_name nothing is declared: the 情况表 is there to be filled in.
    Raises:  Refused as `list_files`; `form-too-many-files` {count, limit}; `form-name-long` {path, limit};
             `form-file-unreadable` {path, reason}; `form-file-changed` {path}; `form-not-writable` {path, reason}.
    Source:  domain §5.1.1-5.1.4.
    """
    _known(fields)
    files = list_files(folder, leave_out=out)
    if len(files) > _MOST_FILES:
        raise Refused("form-too-many-files", count=len(files), limit=_MOST_FILES)
    for file in files:
        if len(file.path) > _LONGEST_CELL:
            raise Refused("form-name-long", path=file.path[:200], limit=_LONGEST_CELL)
    declared = _declared(files, fields) if fields.get("fonds_no") and fields.get("unit_name") else {}
    number = fields.get("carrier_from", "")
    carrier = {"carrier_no": number, "carrier_form": fields.get("carrier_form", ""),
               "content_note": fields.get("description", "")}
    with _published(out) as book:
        book.summary(declared, known_only=True)
        book.table("续表", _lines(folder, files, number, report), declared)
        book.table("载体目录", [carrier] if number else [], declared, blank=True)
        book.table("公文明细", [], declared, blank=True)
        book.explanation()
    return len(files)


def write_blank(out: Path, fields: Mapping[str, str]) -> None:
    """The form workbook for a unit to fill in, with what is known of it already.

    Raises: Refused `form-not-writable` {path, reason}.
    """
    _known(fields)
    with _published(out) as book:
        book.summary(fields, known_only=False)
        for name in ("续表", "载体目录", "公文明细"):
            book.table(name, [], fields, blank=True)
        book.explanation()


def _known(fields: Mapping[str, str]) -> None:
    unknown = fields.keys() - labels().keys()
    if unknown:
        raise ValueError(f"no such field of the form: {sorted(unknown)}")


@contextmanager
def _published(out: Path) -> Iterator[FormBook]:
    """A workbook that appears under its name when it is finished, or not at all."""
    try:
        with tempfile.TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as scratch:
            made = Path(scratch, "form.xlsx")
            with Workbook(str(made), {"constant_memory": True, "tmpdir": scratch}) as workbook:
                yield FormBook(workbook)
            publish(made, out)
    except (OSError, FileCreateError) as error:
        raise Refused("form-not-writable", path=str(out), reason=str(error)) from error


def _declared(files: Sequence[ListedFile], fields: Mapping[str, str]) -> dict[str, str]:
    """The fields of the 情况表 that are given, and those that the folder tells."""
    in_all = sum(file.size_bytes for file in files)
    told = {"declared_gb": f"{in_all / _GB_BYTES:.3f}GB", "carrier_count": "1",
            "carrier_to": fields.get("carrier_from", ""), "file_count": str(len(files)), "byte_count": str(in_all)}
    return told | {name: text for name, text in fields.items() if text}


def _lines(folder: Path, files: Sequence[ListedFile], carrier_no: str, report: Report
           ) -> Iterator[dict[str, str | int]]:
    in_all, done = sum(file.size_bytes for file in files), 0
    for file in files:
        yield {"carrier_no": carrier_no, "path": file.path, "algorithm": "MD5",
               "digest": _md5_of(folder, file, (done, in_all), report), "byte_count": file.size_bytes,
               "scope": "单个文件", "size_gb": f"{file.size_bytes / _GB_BYTES:.3f}"}
        done += file.size_bytes


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
