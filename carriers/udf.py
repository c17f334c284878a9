"""UDF 1.02 to 2.60: one volume as a `Listing`, tolerant and bounded.

Takes `Blocks`; gives a `Udf`. Relies on ECMA-167 (3rd edition) and the OSTA UDF documents, through
`udf_volume` (from anchors to partitions), `udf_files` (ICBs) and `udf_tree` (directories). What can be trusted is used,
what cannot is a finding; no number of the carrier allocates, loops or seeks before it is compared with its size.
"""
from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from carriers.blocks import SECTOR_BYTES, Blocks, BlockSource
from carriers.iso9660 import FIRST_DESCRIPTOR
from carriers.model import Extent, Finding
from carriers.udf_descriptors import (
    ANCHOR,
    LOGICAL,
    LONG_AD,
    LONGEST_EXTENT,
    TAG,
    Volume,
    condition,
    dstring,
)
from carriers.udf_files import Address, Icbs
from carriers.udf_partitions import Partitions
from carriers.udf_tree import Walk
from carriers.udf_volume import (
    Claims,
    has_volume,
    is_closed,
    prevailing,
    read_file_set,
    read_partitions,
    read_sequence,
)
from carriers.volume import Listing

SECTOR_SIZES = (2048, 512, 1024, 4096)
_ANCHOR = 256                   # ECMA-167 3/8.4.2.1; UDF 2.60 §2.2.3; 512 while a session is open (§6.11.2)
_LAST_BYTES = 1 << 20           # of the end, in which an anchor is looked for
_ANCHOR_SAYS = struct.Struct("<4I")
_MAX_DESCRIPTORS = 64
_EARLIER_WALKED = 8             # recordings before the last one that are looked into
_MARKS = frozenset((b"BEA01", b"NSR02", b"NSR03", b"TEA01"))

Said = tuple[int, int, int, int]
"""Of an anchor: the main volume descriptor sequence's length and location, the reserve one's."""


@dataclass(slots=True)
class Udf:
    """One UDF volume.

    revision: "2.50", "" = not known. volume_label: the Logical Volume Identifier. claimed_blocks: the first block after
    everything it claims, in the source's blocks. rewritable: its partition may be written again, so that leftovers of
    earlier formats may lie after it. listing: its files. extents: the structure that was read; digest: of that.
    sessions: 1, and one for each earlier virtual allocation table; earlier: listings by the newest of those.
    """

    revision: str
    volume_label: str
    claimed_blocks: int
    rewritable: bool
    listing: Listing
    extents: list[Extent]
    digest: bytes
    sessions: int = 1
    earlier: list[Listing] = field(default_factory=list)


def read_udf(source: Blocks, first_lba: int = 0, use_blocks: Callable[[int], None] | None = None) -> Udf | None:
    """Read the UDF volume of a session.

    Args:    first_lba: where the session starts, in the source's blocks as they are now. use_blocks: makes the source
             count in the volume's own sectors; None where it must not, for something else on it counts otherwise.
    Returns: None where there is no UDF. One that is announced and cannot be used has no files and says why:
             `structure-damaged`. Other findings: `descriptor-copies-differ`, `structure-irregular`, `session-open` and
             those of the walk (`directory-loop`, `symlink-noted`, `content-not-on-carrier`, `content-encoded`,
             `alternate-stream`, `deleted-content`); the names of files are in the listing.
    Raises:  DriveLost.
    """
    start = first_lba * source.block_bytes
    announced, marks = _recognition(source, start)
    if not announced and use_blocks is None:
        return None
    found = _Found(source, start)
    if found.volume is None or not found.descriptors:
        if not announced and found.volume is None:
            return None
        volume = found.volume or Volume(source, source.block_bytes)
        volume.note("volume", "", start + _ANCHOR * volume.sector_bytes)
        volume.settle()
        return Udf("", "", 0, False, Listing(findings=volume.findings), volume.read + marks, volume.digest.digest())
    volume = found.volume
    if use_blocks is not None and volume.sector_bytes != source.block_bytes:
        use_blocks(volume.sector_bytes)
        found = _Found(source, start)               # again, in its own blocks: places are told in them
        volume = found.volume or volume
        marks = _recognition(source, start)[1]
    if not announced:
        volume.note("volume-recognition", "", start + FIRST_DESCRIPTOR * SECTOR_BYTES)
    if found.ambiguous or found.differing >= 0:
        volume.differ("anchor", max(found.differing, 0))
    return _read(volume, found, marks)


def _read(volume: Volume, found: _Found, marks: list[Extent]) -> Udf:
    """The volume that was found. marks: of its recognition sequence."""
    claims, logical = found.claims, found.descriptors[LOGICAL, 0]
    if int.from_bytes(logical[212:216], "little") != volume.sector_bytes:
        volume.note("block-size", "", -1)
    mapped = read_partitions(volume, found.descriptors, claims)
    listing = _walk(volume, mapped.partitions, logical)
    end = mapped.virtual_end
    closed: bool | None = True
    if not end:
        closed = is_closed(volume, logical, claims)
        end = max(claims.end_bytes, claims.of_partitions)
        end = max(end, _end_of_anchor(volume, end, found.anchor))
    if closed is None and claims.writable:
        volume.note("integrity-descriptor", "", -1)
    volume.settle()
    listing.findings[:0] = volume.findings
    if closed is False and claims.writable:
        listing.findings.append(Finding("session-open", facts={"reason": "integrity-open"}))
    aside = Volume(volume.source, volume.sector_bytes)      # what is damaged there no longer matters
    earlier = [_walk(aside, partitions, logical) for partitions in mapped.earlier[:_EARLIER_WALKED]]
    revision = f"{logical[241]:x}.{logical[240]:02x}"
    return Udf(revision, dstring(logical[84:212]), -(-end // volume.source.block_bytes),
               claims.writable and not mapped.virtual_end, listing, volume.read + marks, volume.digest.digest(),
               1 + len(mapped.earlier), earlier)


def _walk(volume: Volume, partitions: Partitions, logical: bytes) -> Listing:
    """The files of a volume by these partitions."""
    file_set = read_file_set(volume, partitions, logical)
    if file_set is None:
        volume.note("file-set", "", -1)
        return Listing()
    length, block, reference = LONG_AD.unpack_from(file_set, 464)
    streams = Address(reference, block) if length & LONGEST_EXTENT else None
    _, block, reference = LONG_AD.unpack_from(file_set, 400)
    return Walk(volume, Icbs(volume, partitions)).run(Address(reference, block), streams)


def _recognition(source: Blocks, start: int) -> tuple[bool, list[Extent]]:
    """Whether the volume recognition sequence announces UDF, and where it does. Source: ECMA-167 2/8.3, 3/9.1."""
    begin = start + FIRST_DESCRIPTOR * SECTOR_BYTES
    places, quiet = list[Extent](), 0
    volume = Volume(source, SECTOR_BYTES)
    for number in range(_MAX_DESCRIPTORS):
        offset = begin + number * SECTOR_BYTES
        raw = volume.peek(offset, SECTOR_BYTES)
        if raw is not None and raw[1:6] in _MARKS:
            whole = volume.extent(offset, SECTOR_BYTES)
            places.append(whole._replace(skip_bytes=0))
        quiet = 0 if raw is not None and raw[1:6].isalnum() else quiet + 1
        if quiet > 7:
            break
    return bool(places), places


class _Found:
    """The volume that the anchors lead to. anchor: what they say; differing: where one is that says something else;
    ambiguous: sectors of two sizes make a volume."""

    def __init__(self, source: Blocks, start: int) -> None:
        self.volume: Volume | None = None
        self.descriptors: dict[tuple[int, int], bytes] = {}
        self.claims = Claims()
        self.anchor = (0, 0, 0, 0)
        self.differing = -1
        self.ambiguous = False
        sizes = sorted(SECTOR_SIZES, key=lambda size: size != source.block_bytes)
        for size in sizes:
            self._try(Volume(source, size), start)

    def _try(self, volume: Volume, start: int) -> None:
        """Sectors of one size: the first anchor that leads to a volume."""
        anchors: dict[Said, int] = {}
        last: dict[Said, int] = {}
        for offset, raw in _anchors(volume, start, near_end=not self.descriptors):
            said: Said = _ANCHOR_SAYS.unpack_from(raw, 16)
            anchors.setdefault(said, offset)
            last[said] = max(offset, last.get(said, 0))
        for said, offset in anchors.items():
            length, main, other_length, reserve = said
            claims = Claims()
            claims.claim(last[said], volume.sector_bytes)
            found = prevailing(volume, read_sequence(volume, main, length, claims),
                               read_sequence(volume, reserve, other_length, claims) if other_length else None)
            fits = has_volume(found) and int.from_bytes(found[LOGICAL, 0][212:216], "little") == volume.sector_bytes
            if not has_volume(found) or (self.descriptors and not fits):
                continue
            if self.descriptors:
                self.ambiguous = True
                return
            self.volume, self.descriptors, self.claims, self.anchor = volume, found, claims, said
            self.differing = next((other for other in anchors.values() if other != offset), -1)
            first = volume.peek(start + _ANCHOR * volume.sector_bytes, volume.sector_bytes)
            if first is not None and any(first) and not _is_anchor(first, start // volume.sector_bytes + _ANCHOR):
                volume.note("anchor", "", start + _ANCHOR * volume.sector_bytes)
            return
        if anchors and self.volume is None:
            self.volume = volume


def _anchors(volume: Volume, start: int, *, near_end: bool) -> Iterator[tuple[int, bytes]]:
    """The anchors that can be used: at their places; where there is none, anywhere near the end.

    Source: ECMA-167 3/8.4.2.1: 256, N, N - 256; pycdlib issue 76: any of them may be lost.
    """
    size, bytes_there, seen = volume.sector_bytes, volume.source.size_bytes, set[int]()
    count = bytes_there // size
    first = start // size
    for sector in (first + _ANCHOR, count - 1, count - 257, count - 256, first + 512):
        raw = volume.peek(sector * size, size) if sector >= 0 else None
        if sector not in seen and raw is not None and _is_anchor(raw, sector):
            seen.add(sector)
            volume.take(sector * size, size)
            yield sector * size, raw
    if seen or not near_end:
        return
    begin = max(0, count - _LAST_BYTES // size)
    last = volume.peek(begin * size, (count - begin) * size) or b""
    at = last.rfind(b"\2\0")
    while at >= 0:
        if at % size == 0 and _is_anchor(last[at:at + size], begin + at // size):
            volume.take(begin * size + at, size)
            yield begin * size + at, last[at:at + size]
        at = last.rfind(b"\2\0", 0, at + 1) if at else -1


def is_anchored(source: BlockSource, start: int) -> bool:
    """Whether a session that starts at a block has its anchor where it must be, and says so there."""
    raw = source.read_blocks(start + _ANCHOR, 1)
    return raw is not None and _is_anchor(raw, start + _ANCHOR)


def _end_of_anchor(volume: Volume, begin: int, said: Said) -> int:
    """The byte after the last anchor, where it lies a little after all else; 0 = it is not there.

    An image that is longer than its volume has it at another place than N - 1.
    """
    size = volume.sector_bytes
    after = volume.peek(begin, min(_LAST_BYTES, volume.source.size_bytes - begin) // size * size) or b""
    for at in range(0, len(after), size):
        raw = after[at:at + size]
        if raw[:2] == b"\2\0" and _is_anchor(raw, (begin + at) // size) and _ANCHOR_SAYS.unpack_from(raw, 16) == said:
            return begin + at + size
    return 0


def _is_anchor(raw: bytes, sector: int) -> bool:
    return TAG.unpack_from(raw)[0] == ANCHOR and condition(raw, 0, sector) not in (None, "tag-location")
