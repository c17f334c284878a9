"""A medium with faults, for tests: stands in for `os.pread` under any source."""
from __future__ import annotations

import errno
import os
from collections.abc import Callable, Collection, Mapping


class FaultySource:
    """Call it as `pread`. Blocks are counted in `block_bytes` from the start of the file.

    bad: blocks that always fail (EIO). once: blocks that fail the first time. slow: block → seconds that a read of it
    takes on `clock`. vanish_at: a read of this block, and every read after it, finds no device (ENODEV). lies_at:
    blocks whose first byte comes back changed from the second time on. asked: every (offset, bytes) that was asked for.
    """

    def __init__(self, *, bad: Collection[int] = (), once: Collection[int] = (),
                 slow: Mapping[int, float] | None = None, vanish_at: int = -1, lies_at: Collection[int] = (),
                 block_bytes: int = 2048, pread: Callable[[int, int, int], bytes] = os.pread) -> None:
        self.bad = set(bad)
        self.once = set(once)
        self.slow = dict(slow or {})
        self.vanish_at = vanish_at
        self.lies_at = set(lies_at)
        self.block_bytes = block_bytes
        self.gone = False
        self.now = 0.0
        self.asked: list[tuple[int, int]] = []
        self._pread = pread
        self._seen: set[int] = set()

    def clock(self) -> float:
        """Seconds that have passed on this medium."""
        return self.now

    def __call__(self, fd: int, length: int, offset: int) -> bytes:
        self.asked.append((offset, length))
        first, last = offset // self.block_bytes, (offset + max(length, 1) - 1) // self.block_bytes
        blocks = range(first, last + 1)
        self.now += sum(seconds for block, seconds in self.slow.items() if block in blocks)
        if self.gone or self.vanish_at in blocks:
            self.gone = True
            raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))
        failed = {block for block in self.once if block in blocks}
        self.once -= failed
        if failed or any(block in blocks for block in self.bad):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        content = bytearray(self._pread(fd, length, offset))
        for block in sorted(self.lies_at):
            if block in blocks and block in self._seen:
                at = max(0, block * self.block_bytes - offset)
                if at < len(content):
                    content[at] ^= 0xFF
            elif block in blocks:
                self._seen.add(block)
        return bytes(content)


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
