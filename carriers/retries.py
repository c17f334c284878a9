"""Going on after a medium error: smaller pieces, single sectors, more tries, and when a bad place is left.

Takes a way to read and what errors may cost; gives runs that say what was read, what failed and what was not attempted.
Relies on nothing of ours. Never fills in what was not read.
"""
from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

PLACE_BYTES = 16 << 20          # a place: what errors in it may cost is counted together
_PARTS = 8
_FIRST_JUMP_BYTES = 64 << 10    # two ECC blocks of a DVD, one of a BD: the least that damage concerns


class Run(NamedTuple):
    """A stretch that was read, or was not (content None). attempts: reads it took, 0 = not attempted."""

    offset_bytes: int
    length_bytes: int
    content: bytes | None
    attempts: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Limits:
    """What errors may cost. retries: more tries of one sector. The seconds are those of reads that failed.

    place_seconds: in one place, before it is left. error_seconds, bad_places: on the carrier; after that every error
    is left at once, and what is not asked for grows with each: an end is certain.
    """

    retries: int = 2
    place_seconds: float = 300.0
    error_seconds: float = 1800.0
    bad_places: int = 100


USUAL_LIMITS = Limits()


class Budget:
    """What errors have cost on one carrier, and which stretches were left for it. Bytes from the start of the carrier.

    As ddrescue does it: once a place has had its share, jump ahead by doubling steps until something can be read, then
    halve back to where that begins. What lies between is not attempted, and stays so.
    """

    def __init__(self, limits: Limits, end: int) -> None:
        self._limits, self._end = limits, end
        self._seconds = 0.0
        self._places: dict[int, float] = {}                     # place → seconds
        self._left: list[tuple[int, int]] = []                  # ascending; not attempted
        self._last = -1 - PLACE_BYTES                           # where the last error was, or the last jump ended
        self._jump = _FIRST_JUMP_BYTES

    def next_left(self, offset: int) -> tuple[int, int]:
        """The first stretch that was left and ends after this offset; (end, end) of the carrier where there is none."""
        return next((stretch for stretch in self._left if stretch[1] > offset), (self._end, self._end))

    def spend(self, offset: int, seconds: float) -> bool:
        """A read failed here. Returns: whether the place is to be left."""
        self._seconds += seconds
        place = offset // PLACE_BYTES
        self._places[place] = self._places.get(place, 0.0) + seconds
        if abs(offset - self._last) > PLACE_BYTES and not self._spent:
            self._jump = _FIRST_JUMP_BYTES
        self._last = offset
        return self._spent or self._places[place] >= self._limits.place_seconds

    def leave(self, offset: int, block_bytes: int, can_read: Callable[[int], bool]) -> None:
        """Find where reading goes on after a place that is left.

        can_read: one read of one block, accounted for here by `spend`; addresses are multiples of block_bytes.
        """
        bad, good = offset, self._end
        while offset + self._jump < self._end:
            there = (offset + self._jump) // block_bytes * block_bytes
            self._jump *= 2
            if can_read(there):
                good = there
                break
            bad = there
        while good - bad > 2 * _FIRST_JUMP_BYTES and not self._spent:
            middle = (bad + good) // 2 // block_bytes * block_bytes
            if can_read(middle):
                good = middle
            else:
                bad = middle
        self._last = good
        self._left = united([*self._left, (offset, good)])

    def save(self) -> dict[str, Any]:
        """For the journal: a reading that goes on later has spent what it has spent."""
        return {"seconds": self._seconds, "places": list(self._places.items()), "left": self._left,
                "last": self._last, "jump": self._jump}

    def restore(self, saved: Mapping[str, Any]) -> None:
        self._seconds, self._last, self._jump = saved["seconds"], saved["last"], saved["jump"]
        self._places = dict(saved["places"])
        self._left = [(begin, end) for begin, end in saved["left"]]

    @property
    def _spent(self) -> bool:
        return self._seconds >= self._limits.error_seconds or len(self._places) > self._limits.bad_places


def united(stretches: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Ascending, and those that touch or overlap as one."""
    united: list[tuple[int, int]] = []
    for begin, end in sorted(stretches):
        if united and begin <= united[-1][1]:
            united[-1] = (united[-1][0], max(end, united[-1][1]))
        else:
            united.append((begin, end))
    return united


def _none_left(offset: int) -> tuple[int, int]:
    return offset + (1 << 63), offset + (1 << 63)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How to go on after a medium error: down to which piece, counted from the start of the carrier, and how often.

    next_left: the next stretch, from an offset on, that is not to be asked for.
    """

    block_bytes: int
    retries: int = 2
    clock: Callable[[], float] = time.perf_counter
    next_left: Callable[[int], tuple[int, int]] = _none_left


Read = Callable[[int, int], bytes]       # (offset, length) → what came before a medium error; b"" = failed at once


def read_runs(read: Read, offset: int, length: int, policy: RetryPolicy) -> list[Run]:
    """Read a stretch at once; after a medium error in eighths of it, down to single blocks, each tried again.

    Eighths, not halves: O_DIRECT gives nothing of a read that fails, and every failure costs the drive seconds.

    What came before the error is kept and not asked for again; then the block that failed is tried by itself.
    Returns: ascending runs that cover the stretch; neighbours differ in being readable, in having been unstable or in
             not having been attempted. attempts > 1 marks what failed first and was read then.
    Raises:  what `read` raises.
    """
    return merged(_pieced(read, offset, length, policy))


def _pieced(read: Read, offset: int, length: int, policy: RetryPolicy) -> list[Run]:
    size, end = policy.block_bytes, offset + length
    runs: list[Run] = []
    while offset < end:
        left, resumed = policy.next_left(offset)
        if left <= offset:
            runs.append(Run(offset, min(resumed, end) - offset, None, 0, 0.0))
            offset = min(resumed, end)
            continue
        stop = min(left, end)
        begun = policy.clock()
        content = read(offset, stop - offset)
        seconds = policy.clock() - begun
        if len(content) < stop - offset:
            content = content[:max(0, (offset + len(content)) // size * size - offset)]
        if content:
            runs.append(Run(offset, len(content), content, 1, seconds))
            offset += len(content)
            if offset < stop:
                runs.append(_insisted(read, offset, min((offset // size + 1) * size, stop) - offset, policy))
                offset += runs[-1].length_bytes
        elif (stop - 1) // size == offset // size:
            run = _insisted(read, offset, stop - offset, policy)
            runs.append(run._replace(seconds=run.seconds + seconds))
            offset = stop
        else:
            runs += _parted(read, offset, stop - offset, (policy, seconds))
            offset = stop
    return runs


def _parted(read: Read, offset: int, length: int, failed: tuple[RetryPolicy, float]) -> list[Run]:
    """A stretch that failed at its first byte, in parts. failed: the policy, and the seconds that it took."""
    policy, seconds = failed
    size, end = policy.block_bytes, offset + length
    step = max(1, -(-length // (_PARTS * size))) * size
    runs: list[Run] = []
    while offset < end:
        stop = min((offset + step) // size * size, end)
        runs += _pieced(read, offset, stop - offset, policy)
        offset = stop
    if all(run.content is not None and run.attempts == 1 for run in runs):
        runs = [run._replace(attempts=2) for run in runs]       # the failure did not come back: somewhere in here
    worst = next(i for i, run in enumerate(runs) if run.content is None or run.attempts > 1)
    runs[worst] = runs[worst]._replace(seconds=runs[worst].seconds + seconds)
    return runs


def _insisted(read: Read, offset: int, length: int, policy: RetryPolicy) -> Run:
    """A block that failed once: up to `retries` more tries, none once its place was left."""
    begun, tries = policy.clock(), 1
    while tries <= policy.retries and policy.next_left(offset)[0] > offset:
        tries += 1
        content = read(offset, length)
        if len(content) == length:
            return Run(offset, length, content, tries, policy.clock() - begun)
    return Run(offset, length, None, tries, policy.clock() - begun)


def merged(runs: list[Run]) -> list[Run]:
    """Neighbours of one sort (readable or not, unstable or not, attempted or not) as one run."""
    if len(runs) == 1:
        return runs
    together: list[Run] = []
    group: list[Run] = []
    for run in runs:
        if group and _sort(run) != _sort(group[0]):
            together.append(_joined(group))
            group = []
        group.append(run)
    together.append(_joined(group))
    return together


def _sort(run: Run) -> tuple[bool, int]:
    return run.content is None, min(run.attempts, 1 if run.content is None else 2)


def _joined(group: list[Run]) -> Run:
    if len(group) == 1:
        return group[0]
    contents = [run.content for run in group if run.content is not None]
    return Run(group[0].offset_bytes, sum(run.length_bytes for run in group), b"".join(contents) if contents else None,
               max(run.attempts for run in group), sum(run.seconds for run in group))
