"""Where the station's records lie, and how something becomes durable.

Takes one folder, gives paths, durable appends and whole-or-nothing files; relies on fsync and rename. Nothing is said
to be done before it is on disk. A full disk or a read-only folder is a `RegisterError` with its next step.
"""
from __future__ import annotations

import errno
import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from carriers.model import Refused

_CODES = {errno.ENOSPC: "home-full", errno.EDQUOT: "home-full", errno.EROFS: "home-read-only",
          errno.EACCES: "home-denied", errno.EPERM: "home-denied", errno.EFBIG: "home-full"}


class RegisterError(Refused):
    """A record could not be kept or does not agree with itself; nothing was said to be done."""


@contextmanager
def kept(path: Path) -> Iterator[None]:
    """Turn the operating system's refusal to write under the home into our own words.

    Raises: RegisterError("home-full" | "home-read-only" | "home-denied" | "home-broken", path, reason).
    """
    try:
        yield
    except OSError as failure:
        code = _CODES.get(failure.errno or 0, "home-broken")
        raise RegisterError(code, path=str(path), reason=os.strerror(failure.errno or 0)) from failure


class Home:
    """One station's folder (contract: "Where things lie")."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.register = root / "register"
        self.intakes = root / "intakes"
        self.batches = root / "batches"
        self.outbox = root / "outbox"
        self.papers = root / "papers"      # of no batch: attestations, lock pages
        self.keys = root / "keys"
        self.index = root / "index"        # made from the rest; may be deleted at any time
        self._held = 0

    def prepare(self) -> None:
        """Make the folders, and try that something can be kept here.

        Raises: RegisterError.
        """
        with kept(self.root):
            for folder in (self.register, self.intakes, self.batches, self.outbox, self.papers):
                folder.mkdir(parents=True, exist_ok=True)
            for folder in (self.register, self.intakes, self.batches):
                if not os.access(folder, os.W_OK | os.X_OK):
                    raise PermissionError(errno.EROFS if _read_only(folder) else errno.EACCES, "", str(folder))

    @contextmanager
    def locked(self) -> Iterator[None]:
        """The one shared act of several processes: numbering and the register's append. May be held in itself.

        Never while a person is asked for something.
        """
        if self._held:
            yield
            return
        with kept(self.root):
            handle = os.open(self.register / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            self._held = 1
            yield
        finally:
            self._held = 0
            os.close(handle)


def _read_only(folder: Path) -> bool:
    return bool(os.statvfs(folder).f_flag & os.ST_RDONLY)


def append_durably(path: Path, raw: bytes) -> None:
    """Append and sync; on return it is on disk. Cuts a part back off where the disk was full.

    Raises: RegisterError.
    """
    with kept(path):
        new = not path.exists()
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            before = os.fstat(handle).st_size
            try:
                _write_all(handle, raw)
                os.fdatasync(handle)
            except OSError:
                os.ftruncate(handle, before)
                raise
        finally:
            os.close(handle)
        if new:
            sync_folder(path.parent)


def write_durably(path: Path, raw: bytes, mode: int = 0o640) -> str:
    """Write a file whole or not at all, and sync it. Returns its SHA-256.

    Raises: RegisterError.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    with kept(path):
        try:
            handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
            try:
                _write_all(handle, raw)
                os.fsync(handle)
            finally:
                os.close(handle)
            temporary.replace(path)
            sync_folder(path.parent)
        finally:
            temporary.unlink(missing_ok=True)
    return hashlib.sha256(raw).hexdigest()


def sync_folder(folder: Path) -> None:
    """Make a new name in a folder durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _write_all(handle: int, raw: bytes) -> None:
    view = memoryview(raw)
    while view:
        view = view[os.write(handle, view):]


def file_sha256(path: Path) -> str:
    """SHA-256 of one of the station's own files, as hex."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
