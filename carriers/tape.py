"""A tape as what a drive gives: records and file marks by partition, to the end of data. Nothing is ever written.

Takes a folder of records (`<partition>_<sequence>_<R|F|E>`) or the st device of a drive (`tape_drive.py`); both give
the same `Tape`. Block numbers count records and file marks alike, from 0 in each partition (SSC-4 §4.2.10.2, logical
object identifier). Relies on `blocks` for what counts as a medium error. Source: contract "A tape as a folder".
"""
from __future__ import annotations

import json
import os
import re
import time
from array import array
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple, Protocol

import xxhash

from carriers.blocks import MEDIUM_ERRORS, lost, refused
from carriers.model import CarrierChanged, CarrierError, Chunk, Extent, FilePart
from carriers.plan import MAX_READ_BYTES

MAX_RECORD_BYTES = 16 << 20     # LTO drives allow 8 MiB less one byte; a larger record is not read
MOST_PARTITIONS = 4             # of LTO-5 and later
_NAME = re.compile(r"([0-3])_(0|[1-9][0-9]{0,8})_([RFE])")
_BAD = "bad.json"
_GONE = ord("?")                # a sequence number without a file


class BlockKind(StrEnum):
    """What lies at a position of a tape."""

    RECORD = "record"
    MARK = "mark"
    END = "end"                 # end of data, and of a tape that is full


class Block(NamedTuple):
    """One record, file mark or the end of data. content: of a record; None = unreadable after the retries."""

    kind: BlockKind
    content: bytes | None = b""
    attempts: int = 1
    seconds: float = 0.0


class Tape(Protocol):
    """A loaded tape. Reading moves it past what was read, an unreadable record too; the end of data does not move it.

    Raises (all of it): DriveLost, CarrierChanged. A medium error is a block without content.
    """

    @property
    def path(self) -> Path: ...

    @property
    def partitions(self) -> int: ...

    @property
    def partitionable(self) -> bool:
        """Whether other partitions than the first can be asked for, if there are any."""
        ...

    @property
    def used_bytes(self) -> int:
        """Bytes of all records, 0 where only reading will tell."""
        ...

    @property
    def ends(self) -> bool:
        """Whether every partition has an end of data; a folder that was copied in part has not."""
        ...

    def blocks(self, partition: int) -> int:
        """How many blocks lie before the end of data; on a drive the tape is wound there."""
        ...

    def locate(self, partition: int, block: int) -> None: ...

    def read(self) -> Block: ...

    def mark_before(self, partition: int, block: int) -> int:
        """The block of the last file mark before this one, -1 where there is none."""
        ...

    def stamp(self) -> list[int | str]: ...

    def close(self) -> None: ...


def bounded(chunk: Chunk) -> Iterator[Chunk]:
    """The chunk in pieces of what one read of any carrier gives at most; records may be larger."""
    if chunk.content is None or len(chunk.content) <= MAX_READ_BYTES:
        yield chunk
        return
    lba, _, partition, skip = chunk.extent
    for begin in range(0, len(chunk.content), MAX_READ_BYTES):
        content = chunk.content[begin:begin + MAX_READ_BYTES]
        end = begin + len(content)
        parts = tuple(FilePart(file_no, offset + max(0, begin - at), max(0, at - begin),
                               min(end, at + length) - max(begin, at))
                      for file_no, offset, at, length in chunk.parts if at < end and begin < at + length)
        yield Chunk(chunk.read_no, Extent(lba, len(content), partition, skip + begin), parts, chunk.attempts,
                    0.0 if begin else chunk.seconds, content)


def is_tape_folder(path: Path) -> bool:
    """Whether every name in a folder is that of a record (and `bad.json` beside them).

    Raises: CarrierError("source-denied"), DriveLost.
    """
    seen: set[tuple[str, str]] = set()
    try:
        with os.scandir(path) as entries:
            for entry in entries:
                match = _NAME.fullmatch(entry.name)
                if match is None and entry.name != _BAD or not entry.is_file(follow_symlinks=False):
                    return False
                if match is not None:
                    if match.group(1, 2) in seen:               # two kinds of block in one place
                        return False
                    seen.add((match[1], match[2]))
    except OSError as error:
        raise refused(path, error) from error
    return bool(seen)


class _Partition:
    """The blocks of one partition in columns. kinds: the letter of each, `_GONE` where a number has no file."""

    def __init__(self) -> None:
        self.kinds = bytearray()
        self.sizes: array[int] = array("q")
        self.times: array[int] = array("q")
        self.ends = False

    def put(self, number: int, kind: str, status: os.stat_result) -> None:
        """Take up a file; only the lowest end of data counts, as on a tape."""
        missing = number + 1 - len(self.kinds)
        if missing > 0:
            self.kinds += bytes([_GONE]) * missing
            self.sizes.frombytes(bytes(8 * missing))
            self.times.frombytes(bytes(8 * missing))
        self.kinds[number] = ord(kind)
        self.sizes[number], self.times[number] = status.st_size, status.st_mtime_ns

    def cut(self) -> None:
        """Nothing lies behind the end of data."""
        end = self.kinds.find(b"E")
        self.ends = end >= 0
        if self.ends:
            del self.kinds[end:], self.sizes[end:], self.times[end:]


class TapeFolder:
    """A folder of records as a tape. read_file: how a record is read (faults, in tests).

    Raises: CarrierError("source-denied" | "source-unsupported" of a `bad.json` that is none), DriveLost.
    """

    partitionable = True

    def __init__(self, path: Path, *, read_file: Callable[[Path], bytes] = Path.read_bytes, retries: int = 2,
                 clock: Callable[[], float] = time.perf_counter) -> None:
        self.path = path
        self._read_file, self._retries, self._clock = read_file, retries, clock
        self._parts: list[_Partition] = []
        self._partition = self._block = 0
        try:
            self._list()
            self._bad = _bad_blocks(path / _BAD)
        except OSError as error:
            raise refused(path, error) from error

    @property
    def partitions(self) -> int:
        return len(self._parts)

    @property
    def used_bytes(self) -> int:
        return sum(sum(part.sizes) for part in self._parts)

    @property
    def ends(self) -> bool:
        return all(part.ends for part in self._parts)

    def blocks(self, partition: int) -> int:
        return len(self._parts[partition].kinds)

    def locate(self, partition: int, block: int) -> None:
        if not (0 <= partition < len(self._parts) and 0 <= block <= self.blocks(partition)):
            raise ValueError(f"no block {block} in partition {partition}")
        self._partition, self._block = partition, block

    def read(self) -> Block:
        part, number = self._parts[self._partition], self._block
        if number >= len(part.kinds):
            return Block(BlockKind.END)
        self._block += 1
        kind = chr(part.kinds[number])
        if kind == "F":
            return Block(BlockKind.MARK)
        if kind == "R" and (self._partition, number) not in self._bad and part.sizes[number] <= MAX_RECORD_BYTES:
            return self._record(part, number)
        return Block(BlockKind.RECORD, None, self._retries + 1)

    def mark_before(self, partition: int, block: int) -> int:
        return self._parts[partition].kinds.rfind(b"F", 0, block)

    def stamp(self) -> list[int | str]:
        """The folder and every file in it as listed."""
        digest = xxhash.xxh3_128()
        for part in self._parts:
            digest.update(bytes(part.kinds) + part.sizes.tobytes() + part.times.tobytes())
        status = self.path.stat()
        return [status.st_dev, status.st_ino, digest.hexdigest()]

    def close(self) -> None:
        """Nothing is held open."""

    def _list(self) -> None:
        with os.scandir(self.path) as entries:
            for entry in entries:
                match = _NAME.fullmatch(entry.name)
                if match is not None:
                    while len(self._parts) <= int(match[1]):
                        self._parts.append(_Partition())
                    self._parts[int(match[1])].put(int(match[2]), match[3], entry.stat(follow_symlinks=False))
        for part in self._parts:
            part.cut()

    def _record(self, part: _Partition, number: int) -> Block:
        path = self.path / f"{self._partition}_{number}_R"
        begun = self._clock()
        for attempt in range(1, self._retries + 2):
            try:
                status, content = path.lstat(), self._read_file(path)
            except FileNotFoundError as error:
                raise CarrierChanged("carrier-changed", source=str(self.path), path=path.name) from error
            except OSError as error:
                if error.errno not in MEDIUM_ERRORS:
                    raise lost(path, error) from error
                continue
            if (status.st_size, status.st_mtime_ns, len(content)) != \
                    (part.sizes[number], part.times[number], part.sizes[number]):
                raise CarrierChanged("carrier-changed", source=str(self.path), path=path.name)
            return Block(BlockKind.RECORD, content, attempt, self._clock() - begun)
        return Block(BlockKind.RECORD, None, self._retries + 1, self._clock() - begun)


def _bad_blocks(path: Path) -> frozenset[tuple[int, int]]:
    if not path.exists():
        return frozenset()
    try:
        rows = json.loads(path.read_bytes())
    except ValueError as error:
        raise CarrierError("source-unsupported", source=str(path)) from error
    if not isinstance(rows, list) or not all(isinstance(row, list) and len(row) == 2 and
                                             all(type(number) is int for number in row) for row in rows):
        raise CarrierError("source-unsupported", source=str(path))
    return frozenset((partition, block) for partition, block in rows)
