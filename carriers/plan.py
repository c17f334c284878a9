"""The plan of one pass: every block once, ascending, and which bytes of each read belong to which file.

Takes a `Structure`; gives a `Plan`, from which reads are made one by one as they are wanted. Relies on nothing else.
The carrier is cut into windows of equal size; a window is one read, with the parts of all files that it covers.
Files that are parts of one package can be joined: what they are together has a number after those of all files, and is
fed from the same reads.
"""
from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from types import MappingProxyType

from carriers.blocks import BlockRun
from carriers.model import HOLE, THROUGH, Addressing, Chunk, Extent, FilePart, Files, PlannedRead, Structure

MAX_READ_BYTES = 1 << 20
_PATHS_TOGETHER = 10_000

Joined = Sequence[Sequence[int]]


class Plan:
    """The reads of one pass; iterable, always in the same order.

    lost: file number → bytes of it that lie beyond what the carrier gives and are never asked for.
    deferred: files whose extents do not ascend or have holes, or whose content comes through the carrier's own reader;
    they are fed by reads of their own at the end.
    """

    def __init__(self, structure: Structure, joined: Joined, gaps: bool, max_bytes: int) -> None:
        self._block_bytes = structure.block_bytes
        self._end_bytes = structure.capacity_bytes
        if structure.addressing is not Addressing.BLOCKS:       # whole blocks by address, whatever they hold
            self._end_bytes = structure.blocks * structure.block_bytes
        self._gaps = gaps and structure.addressing is Addressing.BLOCKS
        self._window_bytes = max(1, max_bytes // structure.block_bytes) * structure.block_bytes
        self._files = structure.files if structure.files is not None else Files()
        self._content_only = structure.addressing is not Addressing.BLOCKS
        self._joined = tuple(joined)
        self._lost: dict[int, int] = {}
        self._late: list[tuple[int, Extent, int]] = []          # file, extent, where in the file: of deferred files
        # the pieces of the main part, ascending by place: one for each extent on the carrier
        self._places, self._lengths = array("q"), array("q")
        self._file_nos, self._offsets = array("q"), array("q")
        self._take(*self._pieces())
        self.lost: Mapping[int, int] = MappingProxyType(self._lost)
        self.deferred = tuple(dict.fromkeys(file_no for file_no, _, _ in self._late))

    def __iter__(self) -> Iterator[PlannedRead]:
        return self.reads_from(0)

    def reads_from(self, number: int) -> Iterator[PlannedRead]:
        """The reads from this number on, the same that a full walk gives from there."""
        yield from (read for read in self._main(number) if read.number >= number)
        last = self._main_count
        for late in self._late_reads(last):
            if late.number >= number:
                yield late

    @cached_property
    def count(self) -> int:
        """How many reads there are."""
        return self._main_count + sum(1 for _ in self._late_reads(0))

    @cached_property
    def planned_bytes(self) -> int:
        """Bytes that will be asked for; blocks of deferred files twice. In a folder, on a tape: the bytes of files."""
        late = sum((0 if self._content_only else e.skip_bytes) + e.length_bytes
                   for _, e, _ in self._late if e.start_lba != HOLE)
        if self._gaps:
            return self._end_bytes + late
        if self._content_only:                                  # what several files share is asked for once
            total = end = 0
            for place, length in zip(self._places, self._lengths, strict=True):
                total += max(0, place + length - max(place, end))
                end = max(end, place + length)
            return late + total
        return sum(read.extent.length_bytes for read in self._main(0)) + late

    @cached_property
    def sha256(self) -> str:
        """The identity of the plan: files, places and parameters. Another digest: another plan, start over."""
        digest = hashlib.sha256(repr((self._block_bytes, self._end_bytes, self._gaps, self._window_bytes, self._late,
                                      sorted(self._lost.items()), *self._joined)).encode())
        for column in (self._places, self._lengths, self._file_nos, self._offsets, self._files.sizes):
            digest.update(column.tobytes())
        paths = self._files.paths
        for first in range(0, len(paths), _PATHS_TOGETHER):
            digest.update("\0".join(paths[first:first + _PATHS_TOGETHER]).encode("utf-8", "surrogatepass"))
        return digest.hexdigest()

    @cached_property
    def _main_count(self) -> int:
        if self._gaps:
            return -(-self._end_bytes // self._window_bytes)
        return sum(1 for _ in self._windows())

    def _pieces(self) -> tuple[list[int], list[tuple[int, int, int, int]]]:
        """Numbers of the files with one extent on the carrier, and the pieces of all others that need more care."""
        files, size, end = self._files, self._block_bytes, self._end_bytes
        obstacles = files.obstacles
        odd: list[tuple[int, int, int, int]] = []
        plain: list[int] = []
        for file_no, (start, length) in enumerate(zip(files.starts, files.sizes, strict=True)):
            if not length or file_no in obstacles:
                continue
            if start >= 0 and start * size + length <= end:
                plain.append(file_no)
            else:
                odd += self._odd_pieces(file_no, files.extents(file_no))
        for number, parts in enumerate(self._joined, len(files)):
            if obstacles.keys().isdisjoint(parts):
                odd += self._odd_pieces(number, [extent for part in parts for extent in files.extents(part)])
        return plain, odd

    def _odd_pieces(self, file_no: int, extents: Sequence[Extent]) -> list[tuple[int, int, int, int]]:
        """(place, length, file, offset) of a file's extents, cut at the end; deferred if they do not ascend."""
        size, offset, lost = self._block_bytes, 0, 0
        pieces = []
        late = []
        for extent in extents:
            place = extent.start_lba * size + extent.skip_bytes
            length = extent.length_bytes
            if extent.start_lba >= 0:
                length = max(0, min(length, self._end_bytes - place))
            if length:
                pieces.append((place, length, file_no, offset))
                late.append((file_no, extent._replace(length_bytes=length), offset))
            offset += extent.length_bytes
            lost += extent.length_bytes - length
        if lost:
            self._lost[file_no] = lost
        if all(e.start_lba >= 0 for _, e, _ in late) \
                and all(a[0] + a[1] <= b[0] for a, b in zip(pieces, pieces[1:], strict=False)):
            return pieces
        self._late += late
        return []

    def _take(self, plain: list[int], odd: list[tuple[int, int, int, int]]) -> None:
        """Fill the columns, ascending by place and file."""
        files, size = self._files, self._block_bytes
        starts, sizes = files.starts, files.sizes
        if not odd:
            plain.sort(key=starts.__getitem__)                  # stable: files of one place stay in file order
            self._places.extend([starts[n] * size for n in plain])
            self._lengths.extend([sizes[n] for n in plain])
            self._file_nos.extend(plain)
            self._offsets.frombytes(bytes(8 * len(plain)))
            return
        odd += [(starts[n] * size, sizes[n], n, 0) for n in plain]
        odd.sort(key=lambda piece: (piece[0], piece[2], piece[3]))
        for place, length, file_no, offset in odd:
            self._places.append(place)
            self._lengths.append(length)
            self._file_nos.append(file_no)
            self._offsets.append(offset)

    def _windows(self) -> Iterator[int]:
        """The windows that hold a piece, ascending."""
        last = -1
        for place, length in zip(self._places, self._lengths, strict=True):
            first, final = place // self._window_bytes, (place + length - 1) // self._window_bytes
            if final > last:
                yield from range(max(first, last + 1), final + 1)
                last = final

    def _main(self, number: int) -> Iterator[PlannedRead]:
        """The main part from a read on (a number that is skipped costs no parts)."""
        windows = range(self._main_count) if self._gaps else self._windows()
        width, places, lengths = self._window_bytes, self._places, self._lengths
        open_pieces: list[int] = []                             # those that go on into the next window
        following, total = 0, len(places)
        for read_no, window in enumerate(windows):
            begin = window * width
            end = min(begin + width, self._end_bytes)
            here = [i for i in open_pieces if places[i] + lengths[i] > begin]
            first = following
            while following < total and places[following] < end:
                following += 1
            here += range(first, following)
            open_pieces = [i for i in here if places[i] + lengths[i] > end] if here else here
            if read_no >= number:
                yield self._read(read_no, begin, end, here)

    def _read(self, read_no: int, begin: int, end: int, pieces: list[int]) -> PlannedRead:
        """One read of a window; without gaps it is trimmed to the blocks that hold files."""
        places, lengths, size = self._places, self._lengths, self._block_bytes
        if not self._gaps:
            first = max(begin, min(places[i] for i in pieces))
            last = min(end, max(places[i] + lengths[i] for i in pieces))
            begin, end = first // size * size, min(end, -(-last // size) * size)
        file_nos, offsets, make = self._file_nos, self._offsets, tuple.__new__
        parts = []
        for i in pieces:
            place, length = places[i], lengths[i]
            if place >= begin and place + length <= end:        # whole in this read, as small files are
                parts.append(make(FilePart, (file_nos[i], offsets[i], place - begin, length)))
            else:
                at, stop = max(place, begin), min(place + length, end)
                parts.append(make(FilePart, (file_nos[i], offsets[i] + at - place, at - begin, stop - at)))
        return PlannedRead(read_no, Extent(begin // size, end - begin), tuple(parts))

    def _late_reads(self, first_number: int) -> Iterator[PlannedRead]:
        """The deferred files, each in the order of its content."""
        number = first_number
        for file_no, extent, offset in self._late:
            skip = extent.skip_bytes
            for begin in range(0, skip + extent.length_bytes, self._window_bytes):
                length = min(self._window_bytes, skip + extent.length_bytes - begin)
                start = extent.start_lba + (begin // self._block_bytes if extent.start_lba >= 0 else 0)
                at = skip if begin == 0 else 0
                yield PlannedRead(number, Extent(start, length, 0, begin if start <= THROUGH else 0),
                                  (FilePart(file_no, offset + begin + at - skip, at, length - at),))
                number += 1


def make_plan(structure: Structure, joined: Joined = (), *, gaps: bool | None = None, max_bytes: int = MAX_READ_BYTES
              ) -> Plan:
    """Plan the pass over a carrier.

    Args:   joined: groups of file numbers, each a file of its own in this order; the first is numbered len(files).
            gaps: read what belongs to no file too (for readability and the digest of the whole carrier); None: unless
            it is free space.
            max_bytes: the most that one read asks for, rounded down to whole blocks.
    Note:   files without content, or with an obstacle, have no parts; neither has what lies beyond the carrier.
    """
    return Plan(structure, joined, not structure.free_space if gaps is None else gaps, max_bytes)


def chunk_of(planned: PlannedRead, run: BlockRun, block_bytes: int) -> Chunk:
    """One run of a planned read with the parts, or pieces of parts, that lie in it."""
    parts = planned.parts
    if run.extent != planned.extent:
        begin = (run.extent.start_lba - planned.extent.start_lba) * block_bytes
        parts = tuple(_cut(parts, begin, begin + run.extent.length_bytes))
    return Chunk(planned.number, run.extent, parts, run.attempts, run.seconds, run.content)


def _cut(parts: Iterable[FilePart], begin: int, end: int) -> Iterator[FilePart]:
    for part in parts:
        first, last = max(part.at_bytes, begin), min(part.at_bytes + part.length_bytes, end)
        if first < last:
            yield FilePart(part.file_no, part.offset_bytes + first - part.at_bytes, first - begin, last - first)
