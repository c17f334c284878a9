"""Other people's UDF readers, asked what they find in an image file. None shares code with the writer or with us.

udfclient (from NetBSD's author of UDF) reads every medium: VAT, sparing, metadata partition. libudfread is what players
of Blu-ray discs use. 7-Zip reads plain volumes. udfinfo (udftools) reads descriptors only.
"""
from __future__ import annotations

import ctypes
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path


def _run(*command: str | Path, cwd: Path, stdin: str = "") -> str:
    """What a tool prints; its exit code says nothing dependable."""
    result = subprocess.run(command, cwd=cwd, input=stdin.encode(), capture_output=True, timeout=60, check=False,
                            env={**os.environ, "LC_ALL": "C.UTF-8"})
    return result.stdout.decode("utf-8", "replace")


def _files_below(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*")
            if path.is_file() and not path.is_symlink()}


def by_7z(image: Path, folder: Path) -> dict[str, bytes]:
    """What 7-Zip extracts. It calls free space after the files an error, so its exit code is no help."""
    _run("7z", "x", "-tudf", f"-o{folder}", "-y", image, cwd=folder.parent)
    return _files_below(folder)


def by_udfclient(image: Path, block_bytes: int, folder: Path) -> dict[str, bytes]:
    """What udfclient copies out. Names that are not ASCII get a "#" and a CRC (UDF 4.2.2.1)."""
    command = ("udfclient", "-b", str(block_bytes), image)
    listing = _run(*command, cwd=folder, stdin="quit\n")
    mounted = re.search(r"^d\S+ +\S+ +\S+ +\d+  (.*:FILE SET)$", listing, re.MULTILINE)
    if mounted is None:
        return {}
    _run(*command, cwd=folder, stdin=f'get "/{mounted[1]}" found\nquit\n')
    return _files_below(folder / "found")


def by_udfinfo(image: Path, block_bytes: int) -> dict[str, str]:
    """What udfinfo says of a volume: key → word; the extents it lists are left out."""
    lines = _run("udfinfo", f"--blocksize={block_bytes}", image, cwd=image.parent).splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("start="))


class _Dirent(ctypes.Structure):
    _fields_ = (("d_type", ctypes.c_uint), ("d_name", ctypes.c_char_p))


DIRECTORY = 1


def libudfread() -> ctypes.CDLL:
    """The library, its functions typed (udfread.h)."""
    library = ctypes.CDLL("libudfread.so.0")
    handle, name = ctypes.c_void_p, ctypes.c_char_p
    for function, result, arguments in (
            ("init", handle, ()), ("open", ctypes.c_int, (handle, name)), ("close", None, (handle,)),
            ("opendir", handle, (handle, name)), ("readdir", handle, (handle, ctypes.POINTER(_Dirent))),
            ("closedir", None, (handle,)), ("file_open", handle, (handle, name)), ("file_close", None, (handle,)),
            ("file_size", ctypes.c_int64, (handle,)), ("file_read", ctypes.c_ssize_t, (handle, name, ctypes.c_size_t))):
        typed = getattr(library, f"udfread_{function}")
        typed.restype, typed.argtypes = result, arguments
    return library


def by_libudfread(image: Path) -> dict[str, bytes]:
    """What libudfread gives; nothing where it cannot open the volume, or a file of it."""
    library = libudfread()
    udf = library.udfread_init()
    try:
        if library.udfread_open(udf, str(image).encode()):
            return {}
        return {path: _file(library, udf, path) for path in _walk(library, udf, "")}
    finally:
        library.udfread_close(udf)


def _walk(library: ctypes.CDLL, udf: int, path: str) -> Iterator[str]:
    folder = library.udfread_opendir(udf, f"/{path}".encode())
    if not folder:
        return
    entry, found = _Dirent(), []
    while library.udfread_readdir(folder, ctypes.byref(entry)):
        found.append((entry.d_type, entry.d_name.decode("utf-8", "replace")))
    library.udfread_closedir(folder)
    for kind, name in found:
        inside = f"{path}/{name}".lstrip("/")
        if kind != DIRECTORY:
            yield inside
        elif name not in (".", ".."):
            yield from _walk(library, udf, inside)


def _file(library: ctypes.CDLL, udf: int, path: str) -> bytes:
    file = library.udfread_file_open(udf, f"/{path}".encode())
    if not file:
        return b""
    size = library.udfread_file_size(file)
    buffer, raw = ctypes.create_string_buffer(max(size, 1)), b""
    while len(raw) < size and (count := library.udfread_file_read(file, buffer, size - len(raw))) > 0:
        raw += buffer.raw[:count]
    library.udfread_file_close(file)
    return raw
