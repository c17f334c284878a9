"""UDF files as they are recorded: an information control block (ICB) and where its content lies.

Takes logical addresses; gives `Icb`s. Relies on ECMA-167 4/14.6 (ICB tag), 4/14.9 and 4/14.17 (file entries), 4/14.14
(allocation descriptors), 4/14.5 (their continuation). An allocation extent descriptor belongs to one file and is
followed once; what all of them hold together is no more than the carrier has.
"""
from __future__ import annotations

import struct
from typing import NamedTuple

from carriers.udf_descriptors import (
    ALLOCATION_EXTENT,
    EXTENDED_FILE_ENTRY,
    FILE_ENTRY,
    LONG_AD,
    LONGEST_EXTENT,
    TAG,
    Volume,
    condition,
)
from carriers.udf_partitions import HOLE_AT, Partitions, Piece, trimmed

DIRECTORY, REGULAR, SYMBOLIC_LINK, STREAM_DIRECTORY, VIRTUAL_TABLE = 4, 5, 12, 13, 248
FILES = frozenset((0, REGULAR, 249))        # unspecified, a file, a real-time file
KINDS = {6: "block-device", 7: "character-device", 9: "fifo", 10: "socket"}
_HEAD = struct.Struct("<20xH5xB6xH20xQ")    # strategy, file type, flags, information length
_LENGTHS = struct.Struct("<II")             # of extended attributes, of allocation descriptors
_SHORT_AD = struct.Struct("<II")
_EXTENDED_AD = struct.Struct("<IIIIH2x")    # length, recorded length, information length, block, partition reference
_SHORT, _LONG, _EXTENDED, _EMBEDDED = range(4)
_LONGEST_DESCRIPTORS = 1 << 20              # of one allocation extent


class Address(NamedTuple):
    """A logical block of a partition reference."""

    reference: int
    block: int


class Icb(NamedTuple):
    """A file entry that can be used. kind: its file type. size: its information length.

    pieces: where its content lies, `size` bytes together unless `lost` says why not ("" = it is all there).
    stored: "" or the form in which the content is kept. logical: the blocks of its extents, as (reference, first, end);
    reference -1 for a hole.
    streams: its stream directory, None = it has none. embedded: the content lies in the ICB itself.
    """

    kind: int
    size: int
    pieces: tuple[Piece, ...]
    lost: str
    stored: str
    logical: tuple[tuple[int, int, int], ...]
    streams: Address | None
    embedded: bool = False


Plain = tuple[int, int]
"""An ordinary file in one piece: size, where it begins (-1 = no content). Half a million of them are made."""


class Icbs:
    """Reads the ICBs of one volume. path: the directory whose files they are, for what is said of them."""

    def __init__(self, volume: Volume, partitions: Partitions) -> None:
        self.path = ""
        self.volume = volume
        self.partitions = partitions
        self._followed: set[int] = set()                    # allocation extents: each belongs to one file
        self._known: dict[int, Icb] = {}                    # of files in several pieces: a hard link names them again
        self._budget = volume.source.size_bytes + (64 << 10)

    def parse(self, block: bytes, address: Address, offset: int) -> Icb | Plain | str:
        """An ICB from its block, which lies at `offset`; or what is wrong with it where it cannot be used."""
        identifier = TAG.unpack_from(block)[0]
        if identifier == FILE_ENTRY:
            at = 168
        elif identifier == EXTENDED_FILE_ENTRY:
            at = 208
        else:
            return "file-entry"
        wrong = condition(block, 0, address.block)
        if wrong is None:
            return "file-entry"
        strategy, kind, flags, size = _HEAD.unpack_from(block)
        attributes, length = _LENGTHS.unpack_from(block, at)
        begin = at + 8 + attributes
        if begin + length > len(block):
            return "file-entry"
        if wrong:
            self.volume.note(wrong, self.path, offset)
        streams = None
        if at == 208:
            extent, target, reference = LONG_AD.unpack_from(block, 152)
            streams = Address(reference, target) if extent & LONGEST_EXTENT else None
        if strategy != 4:
            return Icb(kind, 0, (), "", f"strategy-{strategy}", (), streams)
        form = flags & 7
        if form == _EMBEDDED and kind == REGULAR and streams is None and size <= length:
            return size, offset + begin if size else -1
        if form == _EMBEDDED:
            here = ((address.reference, address.block, address.block + 1),)
            return Icb(kind, size, tuple(trimmed([(offset + begin, length)], size)),
                       "information-length" if size > length else "", "", here, streams, True)
        if form > _EMBEDDED:
            return "file-entry"
        if form == _SHORT and length >= 8 and streams is None and kind == REGULAR:
            extent, target = _SHORT_AD.unpack_from(block, begin)
            if size <= extent <= LONGEST_EXTENT:
                place = self.partitions.pieces(address.reference, target, extent)
                if place is not None and len(place) == 1:
                    return size, place[0][0] if size else -1
        if offset not in self._known:
            icb = self._allocated(block[begin:begin + length], form, address, Icb(kind, size, (), "", "", (), streams))
            if len(icb.logical) < 2 and not icb.lost:
                return icb
            self._known[offset] = icb
        return self._known[offset]

    def _allocated(self, raw: bytes, form: int, address: Address, icb: Icb) -> Icb:
        """An ICB with the extents of its allocation descriptors and their continuations."""
        pieces: list[Piece] = []
        logical: list[tuple[int, int, int]] = []
        reference, size, done = address.reference, self.partitions.block_bytes, 0
        while True:
            following: tuple[int, int, int] | None = None
            for kind, length, recorded, owner, block in _descriptors(raw, form, reference):
                if not length or done >= icb.size:
                    break
                if kind == 3:
                    following = owner, block, length
                    break
                if kind == 0 and recorded != length:
                    return icb._replace(size=0, stored="compressed")
                place = self.partitions.pieces(owner, block, length) if kind == 0 else [(HOLE_AT, length)]
                if place is None:
                    return icb._replace(pieces=tuple(trimmed(pieces, icb.size)), logical=tuple(logical),
                                        lost="allocation-descriptor")
                pieces += place
                done += length
                logical.append((owner if kind == 0 else HOLE_AT, block, block + -(-length // size)))
            if following is None:
                break
            reference = following[0]
            more = self._continuation(*following)
            if more is None:
                return icb._replace(pieces=tuple(trimmed(pieces, icb.size)), logical=tuple(logical),
                                    lost="allocation-extent")
            raw = more
        lost = "information-length" if done < icb.size else ""
        return icb._replace(pieces=tuple(trimmed(pieces, icb.size)), lost=lost, logical=tuple(logical))

    def _continuation(self, reference: int, block: int, length: int) -> bytes | None:
        """The allocation descriptors of an allocation extent; None where it is damaged, or another file's."""
        place = self.partitions.pieces(reference, block, min(length, _LONGEST_DESCRIPTORS))
        if not place or place[0][0] in self._followed:
            return None
        offset = place[0][0]
        self._followed.add(offset)
        raw = self.volume.take(offset, min(self.partitions.block_bytes, place[0][1]))
        if raw is None or len(raw) < 24 or TAG.unpack_from(raw)[0] != ALLOCATION_EXTENT:
            return None
        end = 24 + int.from_bytes(raw[20:24], "little")
        if end > place[0][1] or end > self._budget:
            return None
        self._budget -= end
        if end > len(raw):
            raw = self.volume.take(offset, end) or b""
        wrong = condition(raw, 0, block) if raw else None
        if wrong:
            self.volume.note(wrong, self.path, offset)
        return None if wrong is None else raw[24:end]


def _descriptors(raw: bytes, form: int, reference: int) -> list[tuple[int, int, int, int, int]]:
    """Allocation descriptors as (extent type, length, recorded length, partition reference, block)."""
    if form == _SHORT:
        return [(n >> 30, n & LONGEST_EXTENT, n & LONGEST_EXTENT, reference, block)
                for n, block in _SHORT_AD.iter_unpack(raw[:len(raw) // 8 * 8])]
    if form == _LONG:
        return [(n >> 30, n & LONGEST_EXTENT, n & LONGEST_EXTENT, owner, block)
                for n, block, owner in LONG_AD.iter_unpack(raw[:len(raw) // 16 * 16])]
    return [(n >> 30, n & LONGEST_EXTENT if n >> 30 == 3 else told, recorded, owner, block)
            for n, recorded, told, block, owner in _EXTENDED_AD.iter_unpack(raw[:len(raw) // 20 * 20])]
