"""A folder of files as a carrier: a package delivered on line, a BagIt bag.

Takes a directory; gives what `carriers.model.Carrier` promises. Relies on `blocks` for reading with halving. Follows
no symbolic link, opens nothing but regular files, and nothing outside the folder. Addresses are ours: the files one
after the other, sorted by path, each from a block of its own.
"""
from __future__ import annotations

import os
import stat
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import xxhash

from carriers import names
from carriers.blocks import MEDIUM_ERRORS, Pread, lost, refused
from carriers.model import (
    CONTENT_BYTES,
    Addressing,
    CarrierChanged,
    CarrierId,
    CarrierKind,
    Chunk,
    Extent,
    FileEntry,
    FilePart,
    Files,
    Finding,
    PlannedRead,
    Structure,
    Tree,
)
from carriers.retries import RetryPolicy, read_runs

_BLOCK_BYTES = 4096
_BENEATH = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW
_KINDS = {stat.S_IFSOCK: "socket", stat.S_IFIFO: "fifo", stat.S_IFBLK: "block-device", stat.S_IFCHR: "character-device"}


class Folder:
    """A folder. Its files are listed once, when first asked for; one that has changed since is not read.

    Raises: CarrierError("source-missing" | "source-denied") where a directory in it cannot be opened.
    """

    def __init__(self, path: Path, *, pread: Pread = os.pread, retries: int = 2) -> None:
        self._path = path
        self._pread = pread
        self._policy = RetryPolicy(_BLOCK_BYTES, retries)
        self._fd = _open_beneath(path, None, os.fsencode(path), os.O_DIRECTORY)
        self._known: tuple[Structure, tuple[Finding, ...]] | None = None
        self._raw_paths: dict[int, bytes] = {}              # where the path does not say how to open the file
        self._times: array[int] = array("q")                # mtime in ns, by file number
        self._inodes: array[int] = array("Q")
        self._firsts: array[int] = array("q")               # the block at which a file begins, or would

    def identify(self) -> CarrierId:
        """What is known of a folder: its name, its bytes, and a fingerprint of its paths and sizes."""
        files = self.structure()[0].files or Files()
        digest = xxhash.xxh3_128(files.sizes.tobytes())
        for path in files.paths:
            digest.update(path.encode("utf-8", "surrogatepass") + b"\0")
        label = names.decoded(os.fsencode(self._path.resolve().name))[0]
        return CarrierId(CarrierKind.FOLDER, "", label, "", sum(files.sizes), digest.hexdigest())

    def structure(self) -> tuple[Structure, tuple[Finding, ...]]:
        """The files, and what is no file. Raises: CarrierError("source-denied"), DriveLost."""
        if self._known is None:
            self._known = self._list()
        return self._known

    def findings(self) -> tuple[Finding, ...]:
        """Nothing: a file system says nothing of its drive."""
        return ()

    def read(self, plan: Iterable[PlannedRead]) -> Iterator[Chunk]:
        """Read what is planned, one chunk for each piece of a file (several where a block failed).

        Raises: CarrierChanged where a file is not as it was listed, DriveLost, CarrierError("source-denied").
        """
        self.structure()
        file_no, fd = -1, -1
        try:
            for planned in plan:
                for number, parts in self._pieces(planned):
                    if number != file_no:
                        if fd >= 0:
                            self._check_same(fd, file_no)
                            os.close(fd)
                            fd = -1
                        file_no, fd = number, self._open_file(number)
                        self._check_same(fd, file_no)
                    yield from self._chunks(planned, number, parts, fd)
            if fd >= 0:
                self._check_same(fd, file_no)
        finally:
            if fd >= 0:
                os.close(fd)

    def content(self, file_no: int) -> bytes | None:
        """A small file whole, before the pass."""
        files = self.structure()[0].files or Files()
        size = files.sizes[file_no]
        if size > CONTENT_BYTES:
            return None
        fd = self._open_file(file_no)
        try:
            self._check_same(fd, file_no)
            runs = read_runs(lambda at, length: self._read(fd, file_no, at, length), 0, size, self._policy) if size \
                else []
            return None if any(run.content is None for run in runs) else b"".join(run.content or b"" for run in runs)
        finally:
            os.close(fd)

    def budget(self) -> dict[str, Any]:
        """Nothing: of the file system's errors none is fought for long."""
        return {}

    def go_on(self, budget: Mapping[str, Any]) -> None:
        """Nothing was spent."""

    def stamp(self) -> list[int | str]:
        """The folder itself and every file in it as listed: path, bytes, inode, time of change."""
        status, fingerprint = os.fstat(self._fd), self.identify().fingerprint
        digest = xxhash.xxh3_128(self._times.tobytes() + self._inodes.tobytes())
        return [status.st_dev, status.st_ino, fingerprint, digest.hexdigest()]

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _list(self) -> tuple[Structure, tuple[Finding, ...]]:
        listed: list[tuple[str, bytes, os.stat_result]] = []
        findings: list[Finding] = []
        queue: list[tuple[str, bytes]] = [("", b"")]
        while queue:
            prefix, raw_prefix = queue.pop()
            for raw, status in self._scan(raw_prefix):
                text, guess = names.decoded(raw)
                path, raw_path = prefix + names.unsplit(text), raw_prefix + raw
                if guess:
                    findings.append(Finding("name-undecodable", path, facts={"encoding": guess}))
                if names.is_unsafe(text):
                    findings.append(Finding("name-unsafe", path))
                kind = stat.S_IFMT(status.st_mode)
                if kind == stat.S_IFDIR:
                    queue.append((path + "/", raw_path + b"/"))
                elif kind == stat.S_IFREG:
                    listed.append((path, raw_path, status))
                elif kind == stat.S_IFLNK:
                    facts = {"kind": "symlink", "target": names.decoded(self._link(raw_path))[0]}
                    findings.append(Finding("content-not-on-carrier", path, facts=facts))
                else:
                    facts = {"kind": _KINDS.get(kind, "unknown"), "target": ""}
                    findings.append(Finding("content-not-on-carrier", path, facts=facts))
        return self._structure_of(listed), tuple(sorted(findings, key=lambda finding: finding.path))

    def _structure_of(self, listed: list[tuple[str, bytes, os.stat_result]]) -> Structure:
        files = Files()
        block = 0
        self._times, self._inodes, self._firsts, self._raw_paths = array("q"), array("Q"), array("q"), {}
        for path, raw_path, status in sorted(listed, key=lambda entry: entry[:2]):
            extents = (Extent(block, status.st_size),) if status.st_size else ()
            guessed = raw_path if any(names.decoded(name)[1] for name in raw_path.split(b"/")) else b""
            number = files.add(FileEntry(path, guessed, status.st_size, extents))
            if path.encode("utf-8", "surrogatepass") != raw_path:
                self._raw_paths[number] = raw_path
            self._times.append(status.st_mtime_ns)
            self._inodes.append(status.st_ino)
            self._firsts.append(block)
            block += -(-status.st_size // _BLOCK_BYTES)
        tree = Tree("files", files.paths, range(len(files)))
        return Structure(("files",), Addressing.FILES, _BLOCK_BYTES, block, sum(files.sizes), 0, files, (tree,))

    def _scan(self, raw_path: bytes) -> list[tuple[bytes, os.stat_result]]:
        """The entries of a directory with what lstat says of them, sorted."""
        path = self._path / os.fsdecode(raw_path)
        fd = _open_beneath(path, self._fd, raw_path or b".", os.O_DIRECTORY)
        try:
            with os.scandir(fd) as entries:
                return sorted((os.fsencode(entry.name), entry.stat(follow_symlinks=False)) for entry in entries)
        except OSError as error:
            raise lost(path, error) from error
        finally:
            os.close(fd)

    def _link(self, raw_path: bytes) -> bytes:
        try:
            return os.readlink(raw_path, dir_fd=self._fd)
        except OSError as error:
            raise CarrierChanged("carrier-changed", source=str(self._path), path=names.decoded(raw_path)[0]) from error

    def _open_file(self, file_no: int) -> int:
        files = self.structure()[0].files or Files()
        text = files.paths[file_no]
        raw_path = self._raw_paths.get(file_no) or text.encode("utf-8", "surrogatepass")
        try:
            return os.open(raw_path, _BENEATH | os.O_NONBLOCK | os.O_NOATIME, dir_fd=self._fd)
        except PermissionError:
            return _open_beneath(self._path / os.fsdecode(raw_path), self._fd, raw_path, os.O_NONBLOCK)
        except OSError as error:
            raise CarrierChanged("carrier-changed", source=str(self._path), path=text) from error

    def _check_same(self, fd: int, file_no: int) -> None:
        files = self.structure()[0].files or Files()
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode) or status.st_size != files.sizes[file_no] \
                or (status.st_mtime_ns, status.st_ino) != (self._times[file_no], self._inodes[file_no]):
            raise CarrierChanged("carrier-changed", source=str(self._path), path=files.paths[file_no])

    def _pieces(self, planned: PlannedRead) -> Iterator[tuple[int, list[FilePart]]]:
        """The files that a read asks for, each with the parts that its content feeds: its own, those of joined files.

        A file begins at a block of its own, so parts that begin at one place are parts of one file.
        """
        by_place: dict[int, list[FilePart]] = {}
        for part in planned.parts:
            by_place.setdefault(part.at_bytes, []).append(part)
        for at_bytes, parts in by_place.items():
            number = parts[0].file_no
            if number >= len(self._firsts):                     # joined files alone: the address tells which one it is
                number = bisect_right(self._firsts, planned.extent.start_lba + at_bytes // _BLOCK_BYTES) - 1
            yield number, parts

    def _chunks(self, planned: PlannedRead, file_no: int, parts: list[FilePart], fd: int) -> Iterator[Chunk]:
        def read(offset: int, length: int) -> bytes:
            return self._read(fd, file_no, offset, length)

        at, length = parts[0].at_bytes, parts[0].length_bytes
        place = planned.extent.start_lba + at // _BLOCK_BYTES
        begin = (place - self._firsts[file_no]) * _BLOCK_BYTES + at % _BLOCK_BYTES
        for run in read_runs(read, begin, length, self._policy):
            skip = run.offset_bytes - begin
            pieces = tuple(FilePart(part.file_no, part.offset_bytes + skip, 0, run.length_bytes) for part in parts)
            yield Chunk(planned.number, Extent(place + skip // _BLOCK_BYTES, run.length_bytes), pieces, run.attempts,
                        run.seconds, run.content)

    def _read(self, fd: int, file_no: int, offset: int, length: int) -> bytes:
        """What one read gives: all, or what came before a medium error."""
        try:
            content = self._pread(fd, length, offset)
        except OSError as error:
            if error.errno in MEDIUM_ERRORS:
                return b""
            raise lost(self._path, error) from error
        if not content:
            files = self.structure()[0].files or Files()
            raise CarrierChanged("carrier-changed", source=str(self._path), path=files.paths[file_no])
        return content


def _open_beneath(path: Path, folder: int | None, raw_path: bytes, flags: int) -> int:
    try:
        return os.open(raw_path, _BENEATH | flags, dir_fd=folder)
    except OSError as error:
        raise refused(path, error) from error


