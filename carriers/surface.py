"""Bytes of a disk wherever they are asked for, as tables and file systems want them; what fails is remembered.

Takes a `BlockSource`; gives bytes by place. A block that cannot be read is zeros here, because pytsk3 knows no other
way to go on, and stands in `bad`: whoever uses the bytes must ask. Nothing of a lost drive goes through pytsk3, which
swallows exceptions: it is kept, and raised by `check`.
"""
from __future__ import annotations

from collections import OrderedDict

from carriers.blocks import BlockRun, BlockSource
from carriers.model import Extent, Refused

_MOST_BYTES = 64 << 20          # of one read: larger ones are asked for by damaged structures only
_WINDOW_BYTES = 64 << 10        # pytsk3 asks for a record at a time, and nothing stands before a device but this
_WINDOWS = 512


class Surface:
    """bad: blocks that failed; left: of them, those that were not attempted, for errors had cost enough.

    unstable: extents that failed at first, with the reads they took; taken by `settle`.
    """

    def __init__(self, source: BlockSource) -> None:
        self.source = source
        self.size_bytes = source.size_bytes
        self.bad: set[int] = set()
        self.left: set[int] = set()
        self._windows: OrderedDict[int, bytes | None] = OrderedDict()      # None: something in it fails
        self.unstable: list[tuple[Extent, int]] = []
        self._lost: Refused | None = None

    def read(self, at: int, length: int) -> bytes:
        """Bytes of the disk, fewer at its end. Raises: DriveLost, CarrierChanged."""
        content = self.peek(at, length)
        self.check()
        return content

    def peek(self, at: int, length: int) -> bytes:
        """The same, and no exception: what was refused is raised by `check`."""
        length = min(length, self.size_bytes - at, _MOST_BYTES)
        if at < 0 or length <= 0:
            return b""
        if self._lost is not None:
            return bytes(length)
        try:
            return self._seen(at, length) or self._asked(at, length)
        except Refused as refusal:
            self._lost = refusal
            return bytes(length)

    def _asked(self, at: int, length: int) -> bytes:
        """The very blocks that are asked for; those that fail become zeros, and bad."""
        size = self.source.block_bytes
        first, skip = divmod(at, size)
        end = min(-(-(at + length) // size) * size, self.size_bytes)
        pieces = [piece for extent in self._good(first, end) for piece in self._piece(extent)]
        content = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        return content[skip:skip + length]

    def _seen(self, at: int, length: int) -> bytes:
        """The same from the windows that it lies in; b"" where it is long, or something in them fails."""
        if length > _WINDOW_BYTES:
            return b""
        first, last = at // _WINDOW_BYTES, (at + length - 1) // _WINDOW_BYTES
        windows = [window for number in range(first, last + 1) if (window := self._window(number)) is not None]
        if len(windows) != last + 1 - first:
            return b""
        content = windows[0] if len(windows) == 1 else b"".join(windows)
        return content[at - first * _WINDOW_BYTES:at - first * _WINDOW_BYTES + length]

    def _window(self, number: int) -> bytes | None:
        if number in self._windows:
            self._windows.move_to_end(number)
            return self._windows[number]
        begin = number * _WINDOW_BYTES
        length = min(_WINDOW_BYTES, self.size_bytes - begin)
        runs = self.source.read_extent(Extent(begin // self.source.block_bytes, length))
        contents = [run.content for run in runs if run.content is not None]
        self.unstable += [(run.extent, run.attempts) for run in runs if run.content is not None and run.attempts > 1]
        self._windows[number] = b"".join(contents) if len(contents) == len(runs) else None
        if len(self._windows) > _WINDOWS:
            self._windows.popitem(last=False)
        return self._windows[number]

    def check(self) -> None:
        """Raises: what the source refused since it was last asked."""
        if self._lost is not None:
            raise self._lost

    def settle(self) -> list[tuple[Extent, int]]:
        """What was unstable since this was last asked."""
        taken, self.unstable = self.unstable, []
        return taken

    def failed(self, start: int, length: int) -> int:
        """The first block of a stretch of bytes that is known to be unreadable, -1 where there is none."""
        if not self.bad:
            return -1
        size = self.source.block_bytes
        first, end = start // size, -(-(start + length) // size)
        if end - first > len(self.bad):
            return min((block for block in self.bad if first <= block < end), default=-1)
        return next((block for block in range(first, end) if block in self.bad), -1)

    def _good(self, first: int, end: int) -> list[Extent]:
        """The stretch in extents of blocks that failed before, which are not asked for again, and of others."""
        size = self.source.block_bytes
        last = -(-end // size)
        if not self.bad or self.bad.isdisjoint(range(first, last)):
            return [Extent(first, end - first * size)]
        extents, begin = [], first
        for block in range(first + 1, last + 1):
            if block == last or (block in self.bad) != (begin in self.bad):
                extents.append(Extent(begin, min(block * size, end) - begin * size))
                begin = block
        return extents

    def _piece(self, extent: Extent) -> list[bytes]:
        if extent.start_lba in self.bad:
            return [bytes(extent.length_bytes)]
        pieces = []
        for run in self.source.read_extent(extent):
            if run.content is None:
                first = run.extent.start_lba
                blocks = range(first, first - -run.extent.length_bytes // self.source.block_bytes)
                self.bad.update(blocks)
                if not run.attempts:
                    self.left.update(blocks)
            elif run.attempts > 1:
                self.unstable.append((run.extent, run.attempts))
            pieces.append(bytes(run.extent.length_bytes) if run.content is None else run.content)
        return pieces


class Window:
    """A stretch of a disk as `Blocks` of its own, which count from its start; a last block that is cut is left out."""

    def __init__(self, surface: Surface, start: int, length: int) -> None:
        self._surface, self._start = surface, start
        self.block_bytes = surface.source.block_bytes
        self.size_bytes = length // self.block_bytes * self.block_bytes

    @property
    def blocks(self) -> int:
        return self.size_bytes // self.block_bytes

    def read_blocks(self, lba: int, count: int) -> bytes | None:
        """None where a block fails or lies beyond the stretch. Raises: DriveLost, CarrierChanged."""
        begin, length = lba * self.block_bytes, count * self.block_bytes
        if lba < 0 or count < 1 or begin + length > self.size_bytes:
            return None
        place = self._start + begin
        content = b"".join(self._surface.read(place + at, min(_MOST_BYTES, length - at))
                           for at in range(0, length, _MOST_BYTES))
        return None if self._surface.failed(place, length) >= 0 else content

    def read_extent(self, extent: Extent) -> list[BlockRun]:
        """The same of an extent of whole blocks."""
        content = self.read_blocks(extent.start_lba, extent.length_bytes // self.block_bytes)
        return [BlockRun(extent, content, 1, 0.0)]
