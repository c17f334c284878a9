"""Blocks of a device or an image file: the only place where a carrier is read.

Takes a path; gives bytes by block address, with the retry policy, the kept structure blocks and the question
"drive or medium?". Relies on nothing of ours but the nouns. Opens for reading only, by pread, never by mmap:
a bad sector under a mapping kills the process.
"""
from __future__ import annotations

import errno
import os
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import xxhash

from carriers.model import CarrierChanged, CarrierError, DriveLost, Extent, Finding

Pread = Callable[[int, int, int], bytes]

# What the kernel says when the medium, not the way to it, is at fault. Everything else is a lost drive.
MEDIUM_ERRORS = frozenset({errno.EIO, errno.ENODATA, errno.EILSEQ, errno.EREMOTEIO, errno.ETIMEDOUT, errno.EBADMSG})

SECTOR_BYTES = 2048
KEPT_BYTES = 32 << 20           # structure blocks kept so that the pass does not ask the medium for them twice
_PLACE_BYTES = 16 << 20         # errors nearer than this to the last one are the same place
_DISTANT_BYTES = 64 << 10       # two ECC blocks: nearer than this a good block says nothing of the drive
_SAMPLES = 16                   # good blocks remembered, spread over the carrier


class Run(NamedTuple):
    """A stretch that was read, or was not (content None). attempts: reads it took; seconds: time it took."""

    offset_bytes: int
    length_bytes: int
    content: bytes | None
    attempts: int
    seconds: float


class BlockRun(NamedTuple):
    """A `Run` by block address."""

    extent: Extent
    content: bytes | None
    attempts: int
    seconds: float


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How to go on after a medium error: down to which piece, how many more tries for that piece."""

    block_bytes: int
    retries: int = 2
    clock: Callable[[], float] = time.perf_counter


Read = Callable[[int, int], bytes]       # (offset, length) → what came before a medium error; b"" = failed at once


def read_runs(read: Read, offset: int, length: int, policy: RetryPolicy) -> list[Run]:
    """Read a stretch at once; after a medium error by halves, down to single blocks, each tried again.

    What came before the error is kept and not asked for again; then the block that failed is tried by itself.
    Returns: ascending runs that cover the stretch; neighbours differ in being readable or in having been unstable.
             attempts > 1 marks what failed first and was read then.
    Raises:  what `read` raises.
    """
    return _merged(_pieced(read, offset, length, policy))


def _pieced(read: Read, offset: int, length: int, policy: RetryPolicy) -> list[Run]:
    size, end = policy.block_bytes, offset + length
    runs: list[Run] = []
    while offset < end:
        begun = policy.clock()
        content = read(offset, end - offset)
        seconds = policy.clock() - begun
        if len(content) < end - offset:
            content = content[:len(content) // size * size]
        if content:
            runs.append(Run(offset, len(content), content, 1, seconds))
            offset += len(content)
            if offset < end:
                runs.append(_insisted(read, offset, min(size, end - offset), policy))
                offset += runs[-1].length_bytes
        elif end - offset <= size:
            run = _insisted(read, offset, end - offset, policy)
            return [*runs, run._replace(seconds=run.seconds + seconds)]
        else:
            return runs + _halved(read, offset, end - offset, (policy, seconds))
    return runs


def _halved(read: Read, offset: int, length: int, failed: tuple[RetryPolicy, float]) -> list[Run]:
    """A stretch that failed at its first byte, in two halves. failed: the policy, and the seconds that it took."""
    policy, seconds = failed
    half = -(-length // (2 * policy.block_bytes)) * policy.block_bytes
    runs = _pieced(read, offset, half, policy) + _pieced(read, offset + half, length - half, policy)
    if all(run.content is not None and run.attempts == 1 for run in runs):
        runs = [run._replace(attempts=2) for run in runs]       # the failure did not come back: somewhere in here
    worst = next(i for i, run in enumerate(runs) if run.content is None or run.attempts > 1)
    runs[worst] = runs[worst]._replace(seconds=runs[worst].seconds + seconds)
    return runs


def _insisted(read: Read, offset: int, length: int, policy: RetryPolicy) -> Run:
    """A block that failed once: up to `retries` more tries."""
    begun = policy.clock()
    for attempt in range(2, policy.retries + 2):
        content = read(offset, length)
        if len(content) == length:
            return Run(offset, length, content, attempt, policy.clock() - begun)
    return Run(offset, length, None, policy.retries + 1, policy.clock() - begun)


def _merged(runs: list[Run]) -> list[Run]:
    """Neighbours of one sort (readable or not, unstable or not) as one run."""
    if len(runs) == 1:
        return runs
    merged: list[Run] = []
    group: list[Run] = []
    for run in runs:
        if group and (run.content is None, run.attempts > 1) != (group[0].content is None, group[0].attempts > 1):
            merged.append(_joined(group))
            group = []
        group.append(run)
    merged.append(_joined(group))
    return merged


def _joined(group: list[Run]) -> Run:
    if len(group) == 1:
        return group[0]
    contents = [run.content for run in group if run.content is not None]
    return Run(group[0].offset_bytes, sum(run.length_bytes for run in group), b"".join(contents) if contents else None,
               max(run.attempts for run in group), sum(run.seconds for run in group))


class BlockSource:
    """A device or an image file, by blocks. Holds one descriptor, opened for reading only.

    block_bytes: the unit of addresses, 2048 until `use_blocks`. size_bytes: as seen when it was opened.
    Raises:  CarrierError("source-missing" | "source-denied" | "source-unsupported" | "source-empty"), DriveLost.
    """

    def __init__(self, path: Path, *, pread: Pread = os.pread, retries: int = 2,
                 clock: Callable[[], float] = time.perf_counter) -> None:
        self.path = path
        self.block_bytes = SECTOR_BYTES
        self._pread = pread
        self._policy = RetryPolicy(SECTOR_BYTES, retries, clock)
        self._fd = _opened(path)
        try:
            self.size_bytes = os.lseek(self._fd, 0, os.SEEK_END)
            self._stamp = self.stamp()
            if self.size_bytes == 0:
                raise CarrierError("source-empty", source=str(path))
        except BaseException:
            os.close(self._fd)
            raise
        self._kept: dict[int, Run] = {}             # by block
        self._kept_bytes = 0
        self._failed: set[int] = set()              # structure blocks that failed: asked again by the pass only
        self._good: dict[int, tuple[int, int, int]] = {}      # sixteenth of the carrier → offset, length, XXH3
        self._last_error: int | None = None
        self._findings: list[Finding] = []

    @property
    def blocks(self) -> int:
        """Blocks that the carrier gives, the last one counted even if cut."""
        return -(-self.size_bytes // self.block_bytes)

    @property
    def clock(self) -> Callable[[], float]:
        """The clock that reads are timed with."""
        return self._policy.clock

    def use_blocks(self, block_bytes: int) -> None:
        """Address by blocks of this many bytes from now on; what was kept is forgotten."""
        self.block_bytes = block_bytes
        self._policy = RetryPolicy(block_bytes, self._policy.retries, self._policy.clock)
        self._kept, self._kept_bytes, self._failed = {}, 0, set()

    def stamp(self) -> tuple[int, int, int, int]:
        """(st_dev, st_ino, bytes, mtime in ns): differs when the file behind the path has become another."""
        status = os.fstat(self._fd)
        return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns

    def check_same(self) -> None:
        """Raises: CarrierChanged where the file was written to since it was opened.

        A FUSE file system may answer every question for the time with the present one: there the time says nothing.
        """
        now, then = self.stamp(), self._stamp
        if now[:3] != then[:3] or (now != then and not _makes_up_times(then[0])):
            raise CarrierChanged("carrier-changed", source=str(self.path), path="")

    def findings(self) -> tuple[Finding, ...]:
        """What reading has shown of the drive so far."""
        return tuple(self._findings)

    def close(self) -> None:
        """Give the descriptor back; the source cannot be read afterwards."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def read_blocks(self, lba: int, count: int) -> bytes | None:
        """Read structure blocks and keep them. None where one of them fails or lies beyond the carrier.

        Raises: DriveLost, CarrierChanged.
        """
        offset, end = lba * self.block_bytes, (lba + count) * self.block_bytes
        if lba < 0 or count < 1 or end > self.size_bytes:
            return None
        if self._failed and not self._failed.isdisjoint(range(lba, lba + count)):
            return None
        runs = _merged(list(self._pieces(offset, end)))
        for run in runs:
            self._keep(run)
        contents = [run.content for run in runs if run.content is not None]
        return None if len(contents) < len(runs) else contents[0] if len(contents) == 1 else b"".join(contents)

    def read_extent(self, extent: Extent) -> list[BlockRun]:
        """Read an extent that lies on the carrier, kept blocks from memory.

        Returns: ascending runs that cover it; several where a block failed or was unstable.
        Raises:  DriveLost, CarrierChanged. A medium error is a run without content.
        """
        offset = extent.start_lba * self.block_bytes
        runs = _merged(list(self._pieces(offset, offset + extent.length_bytes)))
        return [BlockRun(Extent(run.offset_bytes // self.block_bytes, run.length_bytes),
                         run.content, run.attempts, run.seconds) for run in runs]

    def _pieces(self, offset: int, end: int) -> Iterator[Run]:
        """The stretch in ascending pieces: kept ones as they are, the rest from the medium."""
        size, kept = self.block_bytes, self._kept
        while offset < end:
            run = kept.get(offset // size)
            if run is not None and run.content is not None:
                skip = offset - run.offset_bytes
                content = run.content[skip:skip + end - offset]
                yield Run(offset, len(content), content, run.attempts, 0.0)
                offset += len(content)
                continue
            stop = offset + size
            while stop < end and stop // size not in kept:
                stop += size
            yield from read_runs(self._read, offset, min(stop, end) - offset, self._policy)
            offset = min(stop, end)

    def _keep(self, run: Run) -> None:
        blocks = range(run.offset_bytes // self.block_bytes, (run.offset_bytes + run.length_bytes) // self.block_bytes)
        if run.content is None:
            self._failed.update(blocks)
            return
        fresh = [block for block in blocks if block not in self._kept]
        if self._kept_bytes + len(fresh) * self.block_bytes <= KEPT_BYTES:
            self._kept.update(dict.fromkeys(fresh, run))
            self._kept_bytes += len(fresh) * self.block_bytes

    def _read(self, offset: int, length: int) -> bytes:
        """One read of the medium; asks "drive or medium?" after the first error in a place."""
        content = self._read_once(offset, length)
        if len(content) < length:
            failed = offset + len(content)
            if self._last_error is None or abs(failed - self._last_error) > _PLACE_BYTES:
                self._last_error = failed
                self._question_drive(failed)
        if len(content) >= self.block_bytes:
            sixteenth = offset * _SAMPLES // self.size_bytes
            if sixteenth not in self._good:
                first = content[:self.block_bytes]
                self._good[sixteenth] = (offset, len(first), xxhash.xxh3_64_intdigest(first))
        return content

    def _read_once(self, offset: int, length: int) -> bytes:
        """What one read gives: all, or what came before a medium error (a kernel gives that first, then the error).

        Part of a block is no such sign: the rest of the block is asked for.
        """
        content = b""
        while len(content) < length and (not content or len(content) % self.block_bytes):
            try:
                piece = self._pread(self._fd, length - len(content), offset + len(content))
            except OSError as error:
                if error.errno in MEDIUM_ERRORS:
                    break
                raise lost(self.path, error) from error
            if not piece:
                self.check_same()
                raise DriveLost("drive-lost", source=str(self.path), reason="EOF")
            content = content + piece if content else piece
        return content

    def _question_drive(self, bad_offset: int) -> None:
        """Read a distant block again that was read well; a drive that cannot do that is in doubt, not the medium."""
        distant = [good for good in self._good.values() if abs(good[0] - bad_offset) >= _DISTANT_BYTES]
        if not distant:
            return
        offset, length, digest = max(distant, key=lambda good: abs(good[0] - bad_offset))
        for _ in range(3):
            os.posix_fadvise(self._fd, offset, length, os.POSIX_FADV_DONTNEED)      # not from the page cache
            content = self._read_once(offset, length)
            if len(content) == length and xxhash.xxh3_64_intdigest(content) == digest:
                return
        self._findings.append(Finding("drive-doubt", extent=Extent(offset // self.block_bytes, length),
                                      facts={"error_lba": bad_offset // self.block_bytes}))


def _makes_up_times(device: int) -> bool:
    """Whether a device number is that of a FUSE file system (proc(5), mountinfo: field 3 and the one after the -)."""
    wanted = f"{os.major(device)}:{os.minor(device)}"
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as mounts:
        rows = [line.split() for line in mounts]
    return any(row[2] == wanted and row[row.index("-") + 1].startswith("fuse") for row in rows)


def lost(path: Path, error: OSError) -> DriveLost:
    """The refusal for an error that is not the medium's."""
    return DriveLost("drive-lost", source=str(path), reason=errno.errorcode.get(error.errno or 0, str(error.errno)))


def refused(path: Path, error: OSError) -> CarrierError:
    """The refusal for a source that could not be opened."""
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return CarrierError("source-missing", source=str(path))
    if error.errno in (errno.EACCES, errno.EPERM):
        return CarrierError("source-denied", source=str(path))
    return lost(path, error)


def _opened(path: Path) -> int:
    try:
        mode = path.stat().st_mode          # before opening: a FIFO would hang us
        if not (stat.S_ISREG(mode) or stat.S_ISBLK(mode)):
            raise CarrierError("source-unsupported", source=str(path))
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOCTTY)
    except OSError as error:
        raise refused(path, error) from error
