"""Readers that live in a library, run in a process of their own: `python -m tests.corpus.child READER < images`.

One path a line on stdin, one JSON object a line on stdout: {"views": {tree: {path: md5}}, "failed": bool, "said": str}.
A reader that crashes or hangs takes this process along, not the tests.
"""
from __future__ import annotations

import ctypes
import io
import json
import os
import struct
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout

import pycdlib
from pycdlib.pycdlibexception import PyCdlibException

from tests.corpus.reading import UNREAD, md5

Answer = dict[str, object]
PIECE = 1 << 20
# what pycdlib raises on images that it does not understand, measured over many damaged ones
STUMBLES = (PyCdlibException, ValueError, KeyError, AttributeError, IndexError, ArithmeticError, OSError, MemoryError,
            RecursionError, TypeError, AssertionError, struct.error)
TREES = {"iso": "ISO 9660", "joliet": "Joliet", "rr": "Rock Ridge", "udf": "UDF"}


def by_pycdlib(path: str) -> Answer:
    """Every tree that the image has."""
    iso = pycdlib.PyCdlib()
    try:
        iso.open(path)
    except STUMBLES as error:
        return {"views": {}, "failed": True, "said": f"{type(error).__name__}: {error}"}
    views, said = {}, ""
    kinds = ["iso", *(["joliet"] if iso.has_joliet() else []), *(["rr"] if iso.has_rock_ridge() else []),
             *(["udf"] if iso.has_udf() else [])]
    for kind in kinds:
        try:
            views[TREES[kind]] = dict(_pycdlib_files(iso, kind))
        except STUMBLES as error:
            said = f"{kind}: {type(error).__name__}: {error}"
    return {"views": views, "failed": bool(said), "said": said}


def _pycdlib_files(iso: pycdlib.PyCdlib, kind: str) -> Iterator[tuple[str, str]]:
    for above, _, names in iso.walk(**{f"{kind}_path": "/"}):
        for name in names:
            path = f"{above.rstrip('/')}/{name}"
            record = iso.get_record(**{f"{kind}_path": path})
            if kind == "rr" and record.rock_ridge is not None and record.rock_ridge.is_symlink():
                continue
            out = io.BytesIO()
            try:
                iso.get_file_from_iso_fp(out, **{f"{kind}_path": path})
                digest = md5([out.getvalue()])
            except STUMBLES:
                digest = UNREAD
            yield path.removeprefix("/"), digest


# --- libudfread ---------------------------------------------------------------------------------------------------

class _Entry(ctypes.Structure):
    _fields_ = [("type", ctypes.c_uint), ("name", ctypes.c_char_p)]


DIRECTORY, REGULAR = 1, 2               # udfread.h: UDF_DT_DIR, UDF_DT_REG


def _libudfread() -> ctypes.CDLL:
    library = ctypes.CDLL("libudfread.so.0")
    pointer, text = ctypes.c_void_p, ctypes.c_char_p
    for name, result, arguments in (
            ("udfread_init", pointer, []), ("udfread_open", ctypes.c_int, [pointer, text]),
            ("udfread_close", None, [pointer]), ("udfread_opendir", pointer, [pointer, text]),
            ("udfread_opendir_at", pointer, [pointer, text]), ("udfread_closedir", None, [pointer]),
            ("udfread_readdir", pointer, [pointer, ctypes.POINTER(_Entry)]),
            ("udfread_file_openat", pointer, [pointer, text]), ("udfread_file_close", None, [pointer]),
            ("udfread_file_size", ctypes.c_int64, [pointer]),
            ("udfread_file_read", ctypes.c_ssize_t, [pointer, pointer, ctypes.c_size_t])):
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


def by_libudfread(path: str) -> Answer:
    library = _libudfread()
    volume = library.udfread_init()
    if library.udfread_open(volume, os.fsencode(path)) < 0:
        return {"views": {}, "failed": True, "said": "udfread_open fails"}
    root = library.udfread_opendir(volume, b"/")
    if not root:
        return {"views": {}, "failed": True, "said": "udfread_opendir fails"}
    files = dict(_udfread_files(library, root, b""))
    library.udfread_closedir(root)
    library.udfread_close(volume)
    return {"views": {"UDF": files}, "failed": UNREAD in files.values(), "said": ""}


def _udfread_files(library: ctypes.CDLL, directory: int, above: bytes) -> Iterator[tuple[str, str]]:
    entry = _Entry()
    while library.udfread_readdir(directory, ctypes.byref(entry)):
        name = entry.name
        if name in (b".", b".."):
            continue
        path = above + name
        if entry.type == DIRECTORY:
            below = library.udfread_opendir_at(directory, name)
            if below:
                yield from _udfread_files(library, below, path + b"/")
                library.udfread_closedir(below)
            else:
                yield os.fsdecode(path + b"/"), UNREAD
        else:
            yield os.fsdecode(path), _udfread_digest(library, directory, name)


def _udfread_digest(library: ctypes.CDLL, directory: int, name: bytes) -> str:
    file = library.udfread_file_openat(directory, name)
    if not file:
        return UNREAD
    size, buffer, pieces = library.udfread_file_size(file), ctypes.create_string_buffer(PIECE), []
    while (got := library.udfread_file_read(file, buffer, PIECE)) > 0:
        pieces.append(buffer.raw[:got])
    library.udfread_file_close(file)
    return md5(pieces) if got == 0 and sum(map(len, pieces)) == size else UNREAD


READERS: dict[str, Callable[[str], Answer]] = {"pycdlib": by_pycdlib, "libudfread": by_libudfread}


def main() -> None:
    reader, out = READERS[sys.argv[1]], sys.stdout
    for line in sys.stdin:
        with redirect_stdout(sys.stderr):           # pycdlib prints to the console
            answer = reader(line.rstrip("\n"))
        out.write(json.dumps(answer) + "\n")
        out.flush()


if __name__ == "__main__":
    main()
