"""What UDF structures are made of: descriptor tags, names, entity identifiers; and a volume's bytes by place.

Takes `Blocks`; gives sound descriptors by byte offset and collects what is wrong with the others. Relies on
ECMA-167 (3rd edition) 1/7, 3/7, 4/7 and OSTA UDF 2.60 §2.1. A descriptor is believed by its tag checksum, its CRC and
the block that it says it lies in; one of these proofs may fail if the others hold, and that is said.
"""
from __future__ import annotations

import struct
from binascii import crc_hqx
from collections.abc import Container

import xxhash

from carriers import names
from carriers.blocks import Blocks
from carriers.iso9660 import damaged
from carriers.model import Extent, Finding

TAG = struct.Struct("<HHBxxxHHI")       # identifier, version, checksum, CRC, CRC length, location; ECMA-167 3/7.2
EXTENT_AD = struct.Struct("<II")        # length in bytes, location; 3/7.1
LONG_AD = struct.Struct("<IIH6x")       # type and length, logical block, partition reference; 4/14.14.2
LONGEST_EXTENT = (1 << 30) - 1          # what 30 bits hold; the two above are the type

PRIMARY, ANCHOR, POINTER, IMPLEMENTATION_USE, PARTITION, LOGICAL, UNALLOCATED, TERMINATING, INTEGRITY = range(1, 10)
FILE_SET, FILE_IDENTIFIER, ALLOCATION_EXTENT = 256, 257, 258
FILE_ENTRY, EXTENDED_FILE_ENTRY = 261, 266

_IRREGULAR = frozenset(("crc-length", "tag-version"))       # sloppy, and borne out by all else: changes nothing


def condition(block: bytes, at: int, location: int) -> str | None:
    """What is wrong with the descriptor at `at`: "" = nothing, None = it is not to be used, else the one thing.

    One thing at most may be wrong, and never the CRC where there is one.
    """
    _, version, checksum, crc, crc_length, where = TAG.unpack_from(block, at)
    begin, wrong = at + 16, []
    if not crc_length or begin + crc_length > len(block):
        wrong.append("crc-length")                          # pycdlib issue 11: a CRC over more than the block holds
    elif crc_hqx(block[begin:begin + crc_length], 0) != crc:
        return None
    if version not in (2, 3):
        wrong.append("tag-version")
    if (sum(block[at:begin]) - 2 * checksum) & 0xFF:
        wrong.append("tag-checksum")
    if where != location:
        wrong.append("tag-location")
    return "" if not wrong else wrong[0] if len(wrong) == 1 else None


def identifier(block: bytes, at: int) -> bytes:
    """The identifier of an entity identifier (regid), without its padding. Source: ECMA-167 1/7.4."""
    return block[at + 1:at + 24].rstrip(b"\0")


def compressed_unicode(raw: bytes) -> tuple[str, str]:
    """OSTA compressed Unicode as text, and the encoding where that was a guess ("" = none). UDF 2.60 §2.1.1.

    Compression 254 and 255 are those of deleted names: 8 and 16.
    """
    if not raw:
        return "", ""
    if raw[0] in (8, 254):
        return raw[1:].decode("latin-1"), ""
    if raw[0] in (16, 255):
        odd = b"\0" * (len(raw) + 1 & 1)                    # half a character: kept visible as one that cannot be
        return (raw[1:] + odd).decode("utf-16-be", "surrogatepass"), ""
    text, encoding = names.decoded(raw)
    return text, encoding or "bytes"


def dstring(field: bytes) -> str:
    """A fixed-length string; its last byte says how much of it is used. Source: ECMA-167 1/7.2.12."""
    return compressed_unicode(field[:min(field[-1], len(field) - 1)])[0].rstrip("\0")


class Volume:
    """The bytes of one UDF volume by place, what was read of its structure, and what is wrong with it.

    sector_bytes: of its logical sectors, in which it counts; the source may count in others.
    """

    def __init__(self, source: Blocks, sector_bytes: int) -> None:
        self.source = source
        self.sector_bytes = sector_bytes
        self.findings: list[Finding] = []
        self.read: list[Extent] = []                        # structure that was read
        self.digest = xxhash.xxh3_128()
        self._noted: dict[tuple[str, str], list[int]] = {}

    def extent(self, offset: int, length: int) -> Extent:
        """Bytes of the carrier as an extent in the source's blocks."""
        size = self.source.block_bytes
        return Extent(offset // size, length, 0, offset % size)

    def peek(self, offset: int, length: int) -> bytes | None:
        """Bytes of the structure; None where a block of them fails or lies beyond the carrier. Raises: DriveLost."""
        source, size = self.source, self.source.block_bytes
        if length < 1 or offset < 0 or offset + length > source.size_bytes:
            return None
        first, end = offset // size, -(-(offset + length) // size)
        if end * size <= source.size_bytes:
            blocks = source.read_blocks(first, end - first)
        else:                                               # a last block that is cut
            runs = source.read_extent(Extent(first, source.size_bytes - first * size))
            blocks = runs[0].content if len(runs) == 1 else None
        return None if blocks is None else blocks[offset - first * size:offset - first * size + length]

    def take(self, offset: int, length: int) -> bytes | None:
        """The same, and remember it as structure of this volume."""
        size = self.source.block_bytes
        if length > 0 and offset >= 0 and offset + length <= self.source.size_bytes:
            first = offset // size
            self.read.append(Extent(first, (-(-(offset + length) // size) - first) * size))
        content = self.peek(offset, length)
        if content is not None:
            self.digest.update(content)
        return content

    def descriptor(self, offset: int, wanted: Container[int], location: int) -> bytes | None:
        """The sector at `offset` where it is one of the wanted descriptors and may be used; None else.

        A descriptor of another kind is none, and not noted; nor is one that is damaged.
        """
        block = self.take(offset, self.sector_bytes)
        if block is None or TAG.unpack_from(block)[0] not in wanted:
            return None
        wrong = condition(block, 0, location)
        if wrong:
            self.note(wrong, "", offset)
        return None if wrong is None else block

    def note(self, what: str, path: str, offset: int) -> None:
        """Count a kind of damage; offset: where it was seen, -1 = nowhere in particular. The first place counts."""
        noted = self._noted.setdefault((what, path), [offset, 0])
        noted[1] += 1

    def differ(self, what: str, offset: int) -> None:
        """Two copies of a structure that are both sound and not alike."""
        self.note("copies:" + what, "", offset)

    def settle(self) -> None:
        """One finding for each kind of damage in each place."""
        for (what, path), (offset, count) in self._noted.items():
            extent = Extent(offset // self.source.block_bytes, self.sector_bytes) if offset >= 0 else None
            if what.startswith("copies:"):
                self.findings.append(Finding("descriptor-copies-differ", path, extent,
                                             {"what": what.removeprefix("copies:"), "count": count}))
            elif what in _IRREGULAR:
                self.findings.append(Finding("structure-irregular", path, extent, {"what": what, "count": count}))
            elif what == "directory-loop":
                self.findings.append(Finding("directory-loop", path, extent, {"count": count}))
            else:
                self.findings.append(damaged(what, path, extent, count))
        self._noted.clear()
