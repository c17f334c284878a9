"""A medium with faults, for tests: stands in for `os.pread` under any source."""
from __future__ import annotations

import errno
import os
from collections.abc import Callable, Collection, Mapping


class FaultySource:
    """Call it as `pread`. Blocks are counted in `block_bytes` from the start of the file.

    bad: blocks that always fail, with EIO or the error that is given for each. once: blocks that fail the first time.
    slow: block → seconds that a read of it takes on `clock` (a drive that tries for a minute; failing or not).
    cut_at: blocks before which a longer read ends, without an error. vanish_at: a read of this block, and every read
    after it, finds no device (ENODEV). dies_at: the same, but the device is still there and says EIO, as after a pulled
    cable. lies_at: blocks whose first byte comes back changed from the second time on. asked: every (offset, bytes)
    that was asked for. failed: how many reads failed.
    """

    def __init__(self, *, bad: Collection[int] | Mapping[int, int] = (), once: Collection[int] = (),
                 slow: Mapping[int, float] | None = None, cut_at: Collection[int] = (), vanish_at: int = -1,
                 dies_at: int = -1, lies_at: Collection[int] = (), block_bytes: int = 2048,
                 pread: Callable[[int, int, int], bytes] = os.pread) -> None:
        self.bad = dict(bad) if isinstance(bad, Mapping) else dict.fromkeys(bad, errno.EIO)
        self.once = set(once)
        self.slow = dict(slow or {})
        self.cut_at = set(cut_at)
        self.ends = {vanish_at: errno.ENODEV, dies_at: errno.EIO}
        self.lies_at = set(lies_at)
        self.block_bytes = block_bytes
        self.gone = 0
        self.now = 0.0
        self.asked: list[tuple[int, int]] = []
        self.failed = 0
        self._pread = pread
        self._seen: set[int] = set()

    def clock(self) -> float:
        """Seconds that have passed on this medium."""
        return self.now

    def __call__(self, fd: int, length: int, offset: int) -> bytes:
        self.asked.append((offset, length))
        blocks = range(offset // self.block_bytes, (offset + max(length, 1) - 1) // self.block_bytes + 1)
        bad = _common(blocks, self.bad)
        stop = bad[0] if bad else blocks[-1]                    # a drive gives up at the first block that fails
        self.now += sum(self.slow[block] for block in _common(range(blocks[0], stop + 1), self.slow))
        self.gone = self.gone or next((self.ends[block] for block in _common(blocks, self.ends)), 0)
        if self.gone:
            raise self._failure(self.gone)
        failed = set(_common(blocks, self.once))
        self.once -= failed
        if failed or bad:
            raise self._failure(self.bad[bad[0]] if bad else errno.EIO)
        ends = [block for block in _common(blocks, self.cut_at) if block * self.block_bytes > offset]
        content = bytearray(self._pread(fd, min(ends) * self.block_bytes - offset if ends else length, offset))
        for block in _common(blocks, self.lies_at):
            at = max(0, block * self.block_bytes - offset)
            if block in self._seen and at < len(content):
                content[at] ^= 0xFF
            self._seen.add(block)
        return bytes(content)

    def _failure(self, number: int) -> OSError:
        self.failed += 1
        return OSError(number, os.strerror(number))


def _common(blocks: range, marked: Collection[int]) -> list[int]:
    """The marked blocks among these, ascending."""
    if len(marked) < len(blocks):
        return sorted(block for block in marked if block in blocks)
    return [block for block in blocks if block in marked]


def short_of(real_bytes: int, *, repeats: bool = False) -> Callable[[int, int, int], bytes]:
    """A disk that has only its first bytes: past them it gives zeros, or comes back from its first byte on."""
    def pread(fd: int, length: int, offset: int) -> bytes:
        pieces, end = [], min(offset + length, os.fstat(fd).st_size)
        while offset < end:
            at = offset % real_bytes
            count = min(end - offset, real_bytes - at)
            pieces.append(os.pread(fd, count, at) if repeats or offset < real_bytes else bytes(count))
            offset += count
        return b"".join(pieces)
    return pread
