"""Blocks of a device or an image file: the only place where a carrier is read.

Takes a path; gives bytes by block address, with the kept structure blocks and the question "drive or medium?". Relies
on `direct` for devices, on `retries` for going on after an error. Opens for reading only, and never maps: a bad sector
under a mapping kills the process.
"""
from __future__ import annotations

import errno
import os
import stat
import time
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import xxhash

from carriers import direct
from carriers.model import CarrierChanged, CarrierError, DriveLost, Extent, Finding
from carriers.retries import USUAL_LIMITS, Budget, Limits, RetryPolicy, Run, merged, read_runs, united

Pread = Callable[[int, int, int], bytes]

# What may be the medium's fault, as the kernel says it (block/blk-core.c): a sector that cannot be read (ENODATA),
# protection or checksum (EILSEQ, EBADMSG), an address that the drive refuses (EREMOTEIO), and what is anybody's (EIO,
# ETIMEDOUT). Everything else (ENODEV, ENXIO, ENOMEDIUM, ENOLINK …) is a lost drive.
MEDIUM_ERRORS = frozenset({errno.EIO, errno.ENODATA, errno.EILSEQ, errno.EREMOTEIO, errno.ETIMEDOUT, errno.EBADMSG})

SECTOR_BYTES = direct.SECTOR_BYTES
KEPT_BYTES = 32 << 20           # structure blocks kept so that the pass does not ask the medium for them twice
_DISTANT_BYTES = 64 << 10       # two ECC blocks: nearer than this a good block says nothing of the drive
_WHOLE_BYTES = 1 << 62          # a piece that no stretch is larger than
_ASKED = 2                      # of them, before a drive is called lost
_SAMPLES = 16                   # good blocks remembered, spread over the carrier


class BlockRun(NamedTuple):
    """A `Run` by block address."""

    extent: Extent
    content: bytes | None
    attempts: int
    seconds: float


class Blocks(Protocol):
    """What the reader of a volume asks of a source: the whole carrier, or a stretch of it as a carrier of its own."""

    block_bytes: int
    size_bytes: int

    @property
    def blocks(self) -> int: ...

    def read_blocks(self, lba: int, count: int) -> bytes | None: ...

    def read_extent(self, extent: Extent) -> list[BlockRun]: ...


class _Good(NamedTuple):
    """A block that was read well. asked: how often it was asked for again."""

    offset: int
    length: int
    digest: int
    asked: int


class BlockSource:
    """A device or an image file, by blocks. Holds one descriptor, opened for reading only.

    block_bytes: the unit of addresses, 2048 until `use_blocks`. size_bytes: as seen when it was opened.
    Raises:  CarrierError("source-missing" | "source-denied" | "source-unsupported" | "source-empty"), DriveLost.
    """

    def __init__(self, path: Path, *, pread: Pread | None = None, limits: Limits = USUAL_LIMITS,
                 clock: Callable[[], float] = time.perf_counter, host: direct.Host = direct.HOST) -> None:
        self.path = path
        self.block_bytes = SECTOR_BYTES
        self._clock, self._limits, self._pread = clock, limits, pread or os.pread
        self._findings: list[Finding] = []
        self._fd, is_device = _opened(path)
        try:
            self._device = self._as_device(pread, host) if is_device else None
            self.size_bytes = os.lseek(self._fd, 0, os.SEEK_END)
            self._stamp = self.stamp()
            if self.size_bytes == 0:
                raise CarrierError("source-empty", source=str(path))
        except BaseException:
            os.close(self._fd)
            raise
        self._budget = Budget(limits, self.size_bytes)
        self._good: dict[int, _Good] = {}           # by sixteenth of the carrier
        self._links: list[tuple[int, int]] = []     # from byte to byte
        self._error: tuple[int, int] | None = None  # where, and which, since the drive was last asked about it
        self._unsteady: list[tuple[int, int]] = []  # from byte to byte: where a read has failed, ascending, disjoint
        self.use_blocks(SECTOR_BYTES)

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
        piece = max(block_bytes, self._device.medium_bytes) if self._device else block_bytes
        self._policy = RetryPolicy(piece, self._limits.retries, self._clock, self._budget.next_left)
        self._kept: dict[int, Run] = {}             # by block
        self._kept_bytes = 0
        self._failed: set[int] = set()              # structure blocks that failed: asked again by the pass only

    def stamp(self) -> tuple[int | str, ...]:
        """What differs when another carrier is behind the path.

        A file: (st_dev, st_ino, bytes, mtime in ns). A device: ("device", boot id, diskseq, bytes); its diskseq is ""
        where the kernel keeps none, and then it proves nothing.
        """
        if self._device:
            return "device", self._device.boot_id, self._device.diskseq, self._device.size_bytes()
        status = os.fstat(self._fd)
        return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns

    def check_same(self) -> None:
        """Raises: CarrierChanged where the file was written to or the medium exchanged since it was opened; DriveLost.

        A FUSE file system may answer every question for the time with the present one: there the time says nothing.
        """
        if self._device and (reason := self._device.gone()):
            raise DriveLost("drive-lost", source=str(self.path), reason=reason)
        now, then = self.stamp(), self._stamp
        if now[:3] != then[:3] or (now != then and (self._device or not _makes_up_times(int(then[0])))):
            raise CarrierChanged("carrier-changed", source=str(self.path), path="")

    def track_starts(self) -> tuple[int, ...]:
        """The first sectors of the data tracks, as the disc's own table of contents has them; () of an image."""
        return self._device.track_starts() if self._device else ()

    def expect_links(self, links: Sequence[Extent]) -> None:
        """Say where nothing was recorded between sessions: what fails there fails whole, and is not tried again."""
        self._links = [(link.start_lba * self.block_bytes, link.start_lba * self.block_bytes + link.length_bytes)
                       for link in links]

    def findings(self) -> tuple[Finding, ...]:
        """What reading has shown of the drive so far."""
        return tuple(self._findings)

    def budget(self) -> dict[str, Any]:
        """What errors have cost so far and where they were, for the journal."""
        return {**self._budget.save(), "unsteady": self._unsteady}

    def go_on(self, budget: Mapping[str, Any]) -> None:
        """Take up what an earlier sitting has spent on errors, and where they were."""
        self._budget.restore(budget)
        self._unsteady = united([*self._unsteady, *((begin, end) for begin, end in budget.get("unsteady", ()))])

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
        runs = self._runs(offset, end)
        for run in runs:
            self._keep(run)
        contents = [run.content for run in runs if run.content is not None]
        return None if len(contents) < len(runs) else contents[0] if len(contents) == 1 else b"".join(contents)

    def read_extent(self, extent: Extent) -> list[BlockRun]:
        """Read an extent that lies on the carrier, kept blocks from memory.

        Returns: ascending runs that cover it; several where a block failed, was unstable or was not attempted.
        Raises:  DriveLost, CarrierChanged. A medium error is a run without content.
        """
        offset = extent.start_lba * self.block_bytes
        runs = self._runs(offset, offset + extent.length_bytes)
        return [BlockRun(Extent(run.offset_bytes // self.block_bytes, run.length_bytes),
                         run.content, run.attempts, run.seconds) for run in runs]

    def _as_device(self, pread: Pread | None, host: direct.Host) -> direct.Device:
        """What the kernel says of the device; from now on it is read past the page cache, as far as the kernel does so.
        """
        device = direct.Device(self._fd, os.fstat(self._fd).st_rdev, host)
        if pread is None and direct.is_direct(self._fd):
            self._pread = direct.DirectReader(device.sector_bytes)
        elif pread is None:
            self._pread = direct.read_uncached
            self._findings.append(Finding("read-cached"))
        return device

    def _runs(self, offset: int, end: int) -> list[Run]:
        """The stretch in runs. No error is said to be the medium's before the drive has shown that it still reads."""
        runs = merged(list(self._pieces(offset, end)))
        if self._error is not None:
            where, number = self._error
            self._error = None
            self._question_drive(where, number)
        return self._remembered(runs)

    def _remembered(self, runs: list[Run]) -> list[Run]:
        """The runs, where a read has failed before as unstable: no first failure is forgotten, whoever asked first.

        Structure is looked at, and places are probed, before the pass reads the same blocks again.
        """
        told = [piece for run in runs for piece in (
            self._parts_of(run) if self._unsteady and run.content is not None and run.attempts == 1 else (run,))]
        failed = [(run.offset_bytes, run.offset_bytes + run.length_bytes) for run in runs
                  if run.attempts > 1 or (run.content is None and run.attempts)]
        if failed:
            self._unsteady = united([*self._unsteady, *failed])
        return merged(told)

    def _parts_of(self, run: Run) -> Iterator[Run]:
        """A run that was read at once, the blocks of it apart in which a read has failed before."""
        size, at, end = self.block_bytes, run.offset_bytes, run.offset_bytes + run.length_bytes
        first = bisect_right(self._unsteady, at, key=itemgetter(1))
        for begin, stop in islice(self._unsteady, first, None):
            if begin >= end:
                break
            begin, stop = max(at, begin // size * size), min(end, -(-stop // size) * size)
            if at < begin:
                yield _part(run, at, begin)
            if begin < stop:
                yield _part(run, begin, stop)._replace(attempts=2)
                at = stop
        if at < end:
            yield run if at == run.offset_bytes else _part(run, at, end)

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
            begin, link_end = next((link for link in self._links if link[1] > offset), (end, end))
            if begin <= offset:
                stop = min(stop, end, link_end)
                yield from read_runs(self._read_once, offset, stop - offset, RetryPolicy(_WHOLE_BYTES, 0, self._clock))
            else:
                stop = min(stop, end, begin)
                yield from read_runs(self._read, offset, stop - offset, self._policy)
            offset = stop

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
        """One read of the medium; where errors have cost enough here, what follows is left."""
        begun = self._clock()
        content = self._read_once(offset, length)
        if len(content) < length:
            failed = offset + len(content)
            if self._budget.spend(failed, self._clock() - begun):
                self._budget.leave(failed, self._policy.block_bytes, self._probe)
        if len(content) >= self.block_bytes:
            sixteenth = offset * _SAMPLES // self.size_bytes
            if sixteenth not in self._good:
                first = content[:self.block_bytes]
                self._good[sixteenth] = _Good(offset, len(first), xxhash.xxh3_64_intdigest(first), 0)
        return content

    def _probe(self, offset: int) -> bool:
        """Whether one block can be read."""
        begun, length = self._clock(), min(self._policy.block_bytes, self.size_bytes - offset)
        if len(self._read_once(offset, length)) == length:
            return True
        self._budget.spend(offset, self._clock() - begun)
        return False

    def _read_once(self, offset: int, length: int) -> bytes:
        """What one read gives: all, or what came before a medium error (a kernel gives that first, then the error).

        Part of a block is no such sign: the rest of the block is asked for.
        """
        content = b""
        while len(content) < length and (not content or len(content) % self.block_bytes):
            try:
                piece = self._pread(self._fd, length - len(content), offset + len(content))
            except OSError as error:
                if error.errno not in MEDIUM_ERRORS:
                    raise lost(self.path, error) from error
                self._error = offset + len(content), error.errno or 0
                if self._device:
                    self.check_same()
                break
            if not piece:
                self.check_same()
                raise DriveLost("drive-lost", source=str(self.path), reason="EOF")
            content = content + piece if content else piece
        return content

    def _question_drive(self, bad_offset: int, number: int) -> None:
        """Read distant blocks again that were read well: a drive that cannot do that is in doubt, not the medium.

        Far from the error and not the one that was asked last, for what lies near may be in the drive's own cache.
        Raises: DriveLost where several were tried and none can be read any more.
        """
        distant = [key for key, good in self._good.items() if abs(good.offset - bad_offset) >= _DISTANT_BYTES]
        distant.sort(key=lambda key: (self._good[key].asked, -abs(self._good[key].offset - bad_offset)))
        silent: list[_Good] = []
        for key in distant[:_ASKED]:
            good = self._good[key]
            self._good[key] = good._replace(asked=good.asked + 1)
            digests = self._again(good)
            if good.digest in digests and not silent:
                return
            if digests:
                self._doubt(silent[0] if silent else good, bad_offset)
                return
            silent.append(good)
        if len(silent) == _ASKED:
            raise DriveLost("drive-lost", source=str(self.path), reason=errno.errorcode.get(number, str(number)))
        if silent:
            self._doubt(silent[0], bad_offset)

    def _again(self, good: _Good) -> list[int]:
        """Digests of what a block gives now, up to the one that it gave before; of three tries, those that gave it."""
        digests: list[int] = []
        for _ in range(3):
            os.posix_fadvise(self._fd, good.offset, good.length, os.POSIX_FADV_DONTNEED)    # not from the page cache
            content = self._read_once(good.offset, good.length)
            if len(content) == good.length:
                digests.append(xxhash.xxh3_64_intdigest(content))
                if digests[-1] == good.digest:
                    break
        self._error = None
        return digests

    def _doubt(self, good: _Good, bad_offset: int) -> None:
        """Once for each block that was good: such a drive may fail by the thousand."""
        extent = Extent(good.offset // self.block_bytes, good.length)
        if extent not in [finding.extent for finding in self._findings]:
            self._findings.append(Finding("drive-doubt", extent=extent,
                                          facts={"error_lba": bad_offset // self.block_bytes}))


def _part(run: Run, begin: int, end: int) -> Run:
    """The bytes of a run from one place to another, with their share of its time."""
    skip, length = begin - run.offset_bytes, end - begin
    return Run(begin, length, (run.content or b"")[skip:skip + length], run.attempts,
               run.seconds * length / run.length_bytes)


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


def _opened(path: Path) -> tuple[int, bool]:
    """A descriptor, and whether it is a device's."""
    try:
        mode = path.stat().st_mode          # before opening: a FIFO would hang us
        if stat.S_ISBLK(mode):
            return direct.opened(path), True
        if not stat.S_ISREG(mode):
            raise CarrierError("source-unsupported", source=str(path))
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOCTTY), False
    except OSError as error:
        raise refused(path, error) from error
