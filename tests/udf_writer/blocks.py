"""The blocks of one partition while they are laid out: as recorded, as a metadata file, through a VAT."""
from __future__ import annotations

from dataclasses import dataclass, field

from tests.udf_writer.structures import Address

STALE = b"\xa5"                 # blocks and slack that belong to nobody: never zeros, so that misreading shows


@dataclass(frozen=True, slots=True)
class Note:
    """Where a structure lies: blocks by partition reference, and bytes within them."""

    blocks: tuple[Address, ...]
    length: int
    offset: int = 0


@dataclass(slots=True)
class Partition:
    """Reference 0 is the partition as recorded. Reference 1 is the metadata file's content, or addresses of the VAT."""

    block_bytes: int
    has_vat: bool
    hole: tuple[int, int] = (0, 0)              # lbns of the metadata file that have no blocks
    recorded: bytearray = field(default_factory=bytearray)
    metadata: bytearray = field(default_factory=bytearray)
    vat: list[int] = field(default_factory=list)
    notes: dict[str, Note] = field(default_factory=dict)

    def take(self, ref: int, count: int, filler: bytes = STALE) -> int:
        """Allocate blocks in a row; gives the first."""
        if ref == 1 and self.has_vat:
            first = len(self.vat)
            start = self.take(0, count, filler)
            self.vat.extend(range(start, start + count))
            return first
        area = self.metadata if ref == 1 else self.recorded
        first = len(area) // self.block_bytes
        if ref == 1 and first < self.hole[1] and first + count > self.hole[0]:
            area.extend(STALE * ((self.hole[1] - first) * self.block_bytes))
            first = self.hole[1]
        area.extend(filler * (count * self.block_bytes))
        return first

    def put(self, ref: int, lbn: int, raw: bytes) -> None:
        """Write into blocks that were taken."""
        for at in range(0, len(raw), self.block_bytes):
            part = raw[at:at + self.block_bytes]
            block = lbn + at // self.block_bytes
            if ref == 1 and self.has_vat:
                block = self.vat[block]
            area = self.metadata if ref == 1 and not self.has_vat else self.recorded
            assert (block + 1) * self.block_bytes <= len(area), (ref, lbn)
            area[block * self.block_bytes:block * self.block_bytes + len(part)] = part

    def put_block(self, at: Address, raw: bytes) -> None:
        """Write a descriptor that has a block of its own: zeros after it."""
        assert len(raw) <= self.block_bytes, len(raw)
        self.put(at.ref, at.lbn, raw + bytes(self.block_bytes - len(raw)))

    def note(self, name: str, blocks: tuple[Address, ...], length: int, offset: int = 0) -> None:
        """Remember where a structure lies; virtual addresses as they are now."""
        if self.has_vat:
            blocks = tuple(Address(self.vat[block.lbn], 0) if block.ref == 1 else block for block in blocks)
        self.notes[name] = Note(blocks, length, offset)


def runs_of(note: Note, block_bytes: int, absolute: list[int]) -> tuple[tuple[int, int], ...]:
    """A note as byte runs of the image, joined where they touch. absolute: the volume's block of each block."""
    joined: list[tuple[int, int]] = []
    left, within = note.length, note.offset
    for block in absolute:
        offset, length = block * block_bytes + within, min(left, block_bytes - within)
        if joined and sum(joined[-1]) == offset:
            joined[-1] = (joined[-1][0], joined[-1][1] + length)
        elif length > 0:
            joined.append((offset, length))
        left, within = left - length, 0
    return tuple(joined)
