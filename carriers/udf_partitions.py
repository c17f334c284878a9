"""UDF partitions: from a logical block of a partition reference to bytes of the carrier.

Takes partition maps that are read already; gives places. Relies on ECMA-167 3/10.7, 4/8.2 and OSTA UDF 2.60 §2.2.8-10
(virtual, sparable and metadata partitions). What one mapping costs is paid from a budget: a virtual or metadata
partition may shatter an extent into as many pieces as it has blocks.
"""
from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field

Piece = tuple[int, int]
"""Bytes of the carrier: where they begin, how many. A beginning of -1 is a hole: zeros that are recorded nowhere."""

HOLE_AT = -1
NOT_RECORDED = 0xFFFFFFFF       # as an entry of a virtual allocation table


@dataclass(slots=True)
class Physical:
    """A partition as it lies on the carrier; sparable where packets are replaced by others (packet → its place)."""

    start_bytes: int
    blocks: int
    block_bytes: int
    packet_blocks: int = 0
    spared: dict[int, int] = field(default_factory=dict)
    packets: list[int] = field(default_factory=list)        # the replaced ones, ascending

    def place(self, block: int) -> int:
        """Where a block begins, -1 = outside the partition."""
        if block >= self.blocks:
            return -1
        if self.spared:
            packet, within = divmod(block, self.packet_blocks)
            if packet in self.spared:
                return self.spared[packet] + within * self.block_bytes
        return self.start_bytes + block * self.block_bytes

    def pieces(self, block: int, length: int) -> list[Piece]:
        """Where so many bytes from a block on lie, in whole blocks; beyond the partition as if it went on."""
        size = self.block_bytes
        end = block + -(-length // size)
        if not self.spared:
            return [(self.start_bytes + block * size, (end - block) * size)]
        found: list[Piece] = []
        first = bisect_left(self.packets, block // self.packet_blocks)
        for packet in self.packets[first:bisect_right(self.packets, (end - 1) // self.packet_blocks)]:
            begin, stop = max(block, packet * self.packet_blocks), min(end, (packet + 1) * self.packet_blocks)
            found.append((self.start_bytes + block * size, (begin - block) * size))
            found.append((self.spared[packet] + begin % self.packet_blocks * size, (stop - begin) * size))
            block = stop
        found.append((self.start_bytes + block * size, (end - block) * size))
        return found


@dataclass(slots=True)
class Virtual:
    """A virtual partition: entries[block] is the block of the base partition (UDF 2.60 §2.2.11)."""

    base: Physical
    entries: array[int]

    def place(self, block: int) -> int:
        if block >= len(self.entries) or self.entries[block] == NOT_RECORDED:
            return -1
        return self.base.place(self.entries[block])

    def pieces(self, block: int, length: int) -> list[Piece] | None:
        size = self.base.block_bytes
        end = block + -(-length // size)
        if end > len(self.entries):
            return None
        found: list[Piece] = []
        while block < end:
            entry, count = self.entries[block], 1
            if entry == NOT_RECORDED:
                return None
            while block + count < end and self.entries[block + count] == entry + count:
                count += 1
            found += self.base.pieces(entry, count * size)
            block += count
        return found


@dataclass(slots=True)
class Metadata:
    """A metadata partition: a file whose content is the partition (UDF 2.60 §2.2.10), and its mirror's.

    starts, ends: of the file's extents, in blocks of this partition; lying: the base's blocks they lie in.
    """

    base: Physical
    starts: list[int]
    ends: list[int]
    lying: list[int]
    mirror: Metadata | None = None

    def place(self, block: int) -> int:
        number = bisect_right(self.starts, block) - 1
        if number < 0 or block >= self.ends[number]:
            return -1
        return self.base.place(self.lying[number] + block - self.starts[number])

    def pieces(self, block: int, length: int) -> list[Piece] | None:
        size, found = self.base.block_bytes, list[Piece]()
        end = block + -(-length // size)
        while block < end:
            number = bisect_right(self.starts, block) - 1
            if number < 0 or block >= self.ends[number]:
                return None
            count = min(end, self.ends[number]) - block
            found += self.base.pieces(self.lying[number] + block - self.starts[number], count * size)
            block += count
        return found


def trimmed(pieces: Sequence[Piece], length: int) -> list[Piece]:
    """Pieces without empty ones, neighbours joined, no longer than `length` together."""
    kept: list[Piece] = []
    for begin, count in pieces:
        count = min(count, length)
        if count < 1:
            continue
        length -= count
        if kept and begin != HOLE_AT and kept[-1][0] != HOLE_AT and sum(kept[-1]) == begin:
            kept[-1] = (kept[-1][0], kept[-1][1] + count)
        elif kept and begin == kept[-1][0] == HOLE_AT:
            kept[-1] = (HOLE_AT, kept[-1][1] + count)
        else:
            kept.append((begin, count))
    return kept


class Partitions:
    """The partitions of a logical volume by partition reference; None = one that cannot be used.

    block_bytes: the logical block size. carrier_blocks: so many pieces more than extents are plausible.
    """

    def __init__(self, maps: list[Physical | Virtual | Metadata | None], block_bytes: int, carrier_blocks: int) -> None:
        self.maps = maps
        self.block_bytes = block_bytes
        self._budget = 4 * carrier_blocks + 4096

    def place(self, reference: int, block: int) -> int:
        """The byte where a logical block begins; -1 = nowhere."""
        partition = self.maps[reference] if reference < len(self.maps) else None
        return -1 if partition is None else partition.place(block)

    def mirror_place(self, reference: int, block: int) -> int:
        """The same in the mirror of a metadata partition; -1 where there is none, or it is the same place."""
        partition = self.maps[reference] if reference < len(self.maps) else None
        if not isinstance(partition, Metadata) or partition.mirror is None:
            return -1
        other = partition.mirror.place(block)
        return -1 if other == partition.place(block) else other

    def pieces(self, reference: int, block: int, length: int, *, mirror: bool = False) -> list[Piece] | None:
        """Where an extent lies; None where part of it lies nowhere, or its shattering is implausible."""
        partition = self.maps[reference] if reference < len(self.maps) else None
        if mirror and isinstance(partition, Metadata):
            partition = partition.mirror
        if partition is None or self._budget < 0:
            return None
        found, blocks = partition.pieces(block, length), -(-length // self.block_bytes)
        if isinstance(partition, Virtual):
            self._budget -= min(blocks, max(1, len(partition.entries) - block))
        elif found is None and isinstance(partition, Metadata):
            self._budget -= min(blocks, len(partition.starts))
        else:
            self._budget -= len(found or ()) - 1
        return None if found is None else trimmed(found, length)
