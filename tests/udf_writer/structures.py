"""UDF structures as bytes: one function a descriptor, fields in the standard's order.

Source: ECMA-167 3rd edition (parts 2, 3, 4); OSTA UDF 1.02 to 2.60 for what they narrow or add. "3/10.5" is part 3,
clause 10.5. Numbers are little-endian (1/7.1). Lengths are bytes, locations are blocks.
"""
from __future__ import annotations

import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from struct import pack

TIME = pack("<HhBBBBBBBB", 0x1000 | 480, 2026, 1, 2, 3, 4, 5, 6, 7, 8)      # 1/7.3: local time, UTC+8
DEVELOPER = "*Station Tests"
NONE = 0xFFFFFFFF
RECORDED, ALLOCATED, HOLE, CONTINUED = 0, 1, 2, 3                           # 4/14.14.1.1: what an extent's type says
MOST_BYTES = (1 << 30) - 1                                                  # of one extent, before rounding to blocks

SHORT, LONG, EXTENDED, EMBEDDED = 0, 1, 2, 3                                # 4/14.6.8, bits 0-2 of the ICB flags
REAL_TIME = 249                                                             # UDF 6.11: a file like others
DIRECTORY, REGULAR, BLOCK_DEVICE, CHARACTER_DEVICE, FIFO, SOCKET, SYMLINK, STREAMS = 4, 5, 6, 7, 9, 10, 12, 13
VAT, METADATA, MIRROR, METADATA_BITMAP = 248, 250, 251, 252                 # UDF 2.2.11, 2.2.13

CH_HIDDEN, CH_DIRECTORY, CH_DELETED, CH_PARENT, CH_METADATA = 1, 2, 4, 8, 16    # 4/14.4.3


@dataclass(frozen=True, slots=True)
class Address:
    """lb_addr (4/7.1): a block of a partition; the partition by its place in the map table."""

    lbn: int
    ref: int


@dataclass(frozen=True, slots=True)
class Edition:
    """What depends on the UDF revision."""

    revision: str

    @property
    def bcd(self) -> int:
        """UDF 2.1.5.3: 0x0201 for 2.01."""
        return int(self.revision.replace(".", ""), 16)

    @property
    def tag_version(self) -> int:
        """3/7.2.2: 2 for the second edition of ECMA-167 (UDF to 1.50), 3 for the third."""
        return 2 if self.bcd < 0x0200 else 3

    @property
    def nsr(self) -> str:
        return f"NSR0{self.tag_version}"

    @property
    def least_to_read(self) -> int:
        """UDF 2.2.6.4: a volume of 2.60 can be read by what reads 2.50."""
        return min(self.bcd, 0x0250)


# --- basic types -------------------------------------------------------------------------------------------------

def checksum(tag: bytes) -> int:
    """Tag Checksum (3/7.2.3): of a tag's 16 bytes but the fifth."""
    return (sum(tag[:4]) + sum(tag[5:16])) & 0xFF


def crc(raw: bytes) -> int:
    """Descriptor CRC (3/7.2.6): ITU-T V.41, x^16 + x^12 + x^5 + 1, from 0."""
    return binascii.crc_hqx(raw, 0)


def tagged(identifier: int, body: bytes, location: int, edition: Edition) -> bytes:
    """A descriptor: its tag (3/7.2, 4/7.2) and its body, all of which the CRC covers."""
    tag = pack("<HHBBHHHI", identifier, edition.tag_version, 0, 0, 1, crc(body), len(body), location)
    return tag[:4] + bytes([checksum(tag)]) + tag[5:] + body


def padded(raw: bytes, length: int, filler: bytes = b"\0") -> bytes:
    if len(raw) > length:
        raise ValueError(f"{len(raw)} bytes do not fit into {length}")
    return raw + filler * (length - len(raw))


def characters(text: str, compression_id: int = 0) -> bytes:
    """OSTA Compressed Unicode (UDF 2.1.1): the compression id, then 8 or 16 bits a character. 0: 8 where it can be."""
    if compression_id == 0:
        compression_id = 8 if all(ord(character) < 256 for character in text) else 16
    coded = text.encode("latin-1" if compression_id in (8, 254) else "utf-16-be", "surrogatepass")
    return bytes([compression_id]) + coded


def dstring(text: str, length: int) -> bytes:
    """1/7.2.12: the characters, zeros, and how many bytes are used in the last byte; an empty one is all zero."""
    if not text:
        return bytes(length)
    raw = characters(text)
    return padded(raw, length - 1) + bytes([len(raw)])


def charspec() -> bytes:
    """1/7.2.1, UDF 2.1.2."""
    return padded(b"\0OSTA Compressed Unicode", 64)


def regid(identifier: str, suffix: bytes = b"") -> bytes:
    """1/7.4."""
    return b"\0" + padded(identifier.encode("ascii"), 23) + padded(suffix, 8)


def developer() -> bytes:
    """UDF 2.1.5: an implementation identifier; its suffix names UNIX, Linux (UDF 6.3)."""
    return regid(DEVELOPER, b"\x04\x05")


def domain(edition: Edition) -> bytes:
    return regid("*OSTA UDF Compliant", pack("<HB", edition.bcd, 0))


def udf_regid(identifier: str, edition: Edition) -> bytes:
    return regid(identifier, pack("<HBB", edition.bcd, 4, 5))


def extent_ad(length: int, location: int) -> bytes:
    """3/7.1."""
    return pack("<II", length, location)


def short_ad(kind: int, length: int, lbn: int) -> bytes:
    """4/14.14.1."""
    return pack("<II", kind << 30 | length, lbn)


def long_ad(kind: int, length: int, at: Address, unique_id: int = 0) -> bytes:
    """4/14.14.2; in a FID the implementation use carries the UDF unique id (UDF 2.3.4.3)."""
    return pack("<IIHHI", kind << 30 | length, at.lbn, at.ref, 0, unique_id & 0xFFFFFFFF)


def ext_ad(kind: int, length: int, at: Address) -> bytes:
    """4/14.14.3: with recorded length and information length. OSTA UDF does not allow them, ECMA-167 does."""
    recorded = length if kind == RECORDED else 0
    return pack("<IIIIHH", kind << 30 | length, recorded, 0 if kind == CONTINUED else length, at.lbn, at.ref, 0)


# --- volume ------------------------------------------------------------------------------------------------------

def volume_structure(identifier: str, length: int) -> bytes:
    """2/9.1: BEA01, NSR02 or NSR03, TEA01."""
    return padded(b"\0" + identifier.encode("ascii") + b"\1", length)


def anchor(main: tuple[int, int], reserve: tuple[int, int]) -> bytes:
    """Body of an Anchor Volume Descriptor Pointer (3/10.2); extents as (location, bytes)."""
    return padded(extent_ad(main[1], main[0]) + extent_ad(reserve[1], reserve[0]), 496)


def primary(sequence: int, label: str) -> bytes:
    """Body of a Primary Volume Descriptor (3/10.1)."""
    head = pack("<II", sequence, 0) + dstring(label[:30] if label.isascii() else label[:15], 32)
    head += pack("<HHHHII", 1, 1, 2, 3, 1, 1) + dstring("2026010203040506" + label[:40], 128)
    head += charspec() + charspec() + bytes(16) + regid("") + TIME + developer()
    return padded(head, 496)


def implementation_use(sequence: int, label: str, edition: Edition) -> bytes:
    """Body of an Implementation Use Volume Descriptor with the LV Info (3/10.4, UDF 2.2.7)."""
    head = pack("<I", sequence) + udf_regid("*UDF LV Info", edition)
    return padded(head + charspec() + dstring(label, 128) + bytes(36 * 3) + developer(), 496)


@dataclass(frozen=True, slots=True)
class PartitionFields:
    """What a Partition Descriptor says: where and how long in blocks, and the space bitmap within (lbn, bytes)."""

    access_type: int
    start: int
    blocks: int
    bitmap: tuple[int, int] = (0, 0)
    number: int = 0


def partition(sequence: int, fields: PartitionFields, edition: Edition) -> bytes:
    """Body of a Partition Descriptor with its Partition Header Descriptor (3/10.5, 4/14.3)."""
    header = bytes(8) + short_ad(RECORDED, fields.bitmap[1], fields.bitmap[0])
    head = pack("<IHH", sequence, 1, fields.number) + b"\2" + regid(f"+{edition.nsr}")[1:] + padded(header, 128)
    return padded(head + pack("<III", fields.access_type, fields.start, fields.blocks) + developer(), 496)


@dataclass(frozen=True, slots=True)
class VolumeFields:
    """What a Logical Volume Descriptor says; integrity as (location, bytes)."""

    label: str
    block_bytes: int
    file_set: Address
    maps: tuple[bytes, ...]
    integrity: tuple[int, int]


def logical_volume(sequence: int, fields: VolumeFields, edition: Edition) -> bytes:
    """Body of a Logical Volume Descriptor (3/10.6, UDF 2.2.4)."""
    table = b"".join(fields.maps)
    head = pack("<I", sequence) + charspec() + dstring(fields.label, 128) + pack("<I", fields.block_bytes)
    head += domain(edition) + long_ad(RECORDED, 2 * fields.block_bytes, fields.file_set)
    head += pack("<II", len(table), len(fields.maps)) + developer() + bytes(128)
    whole = head + extent_ad(fields.integrity[1], fields.integrity[0]) + table
    return padded(whole, max(496, len(whole)))


def unallocated_space(sequence: int) -> bytes:
    """Body of an Unallocated Space Descriptor without extents (3/10.8)."""
    return padded(pack("<II", sequence, 0), 496)


def volume_pointer(sequence: int, following: tuple[int, int]) -> bytes:
    """Body of a Volume Descriptor Pointer (3/10.3); the next extent as (location, bytes)."""
    return padded(pack("<I", sequence) + extent_ad(following[1], following[0]), 496)


@dataclass(frozen=True, slots=True)
class IntegrityFields:
    """What a Logical Volume Integrity Descriptor says; tables in blocks, one entry a partition map."""

    closed: bool
    next_unique_id: int
    free: tuple[int, ...]
    sizes: tuple[int, ...]
    files: int
    directories: int
    following: tuple[int, int] = (0, 0)


def integrity(fields: IntegrityFields, edition: Edition) -> bytes:
    """Body of a Logical Volume Integrity Descriptor (3/10.10, UDF 2.2.6)."""
    revisions = edition.least_to_read, edition.bcd, edition.bcd
    use = developer() + pack("<IIHHH", fields.files, fields.directories, *revisions)
    head = TIME + pack("<I", fields.closed) + extent_ad(fields.following[1], fields.following[0])
    head += padded(pack("<Q", fields.next_unique_id), 32) + pack("<II", len(fields.sizes), len(use))
    return head + pack(f"<{2 * len(fields.sizes)}I", *fields.free, *fields.sizes) + use


# --- partition maps ----------------------------------------------------------------------------------------------

def type_1_map(number: int) -> bytes:
    """3/10.7.2; the number is the Partition Descriptor's."""
    return pack("<BBHH", 1, 6, 1, number)


def type_2_map(identifier: str, number: int, rest: bytes, edition: Edition) -> bytes:
    """3/10.7.3, UDF 2.2.8 to 2.2.10: all of UDF's own maps begin alike."""
    return padded(pack("<BBH", 2, 64, 0) + udf_regid(identifier, edition) + pack("<HH", 1, number) + rest, 64)


def sparing_table(entries: Mapping[int, int], spare: Sequence[int], edition: Edition) -> bytes:
    """Body of a Sparing Table (UDF 2.2.12): packets moved (lbn → absolute block), and those free for moving."""
    free = [block for block in spare if block not in entries.values()]
    table = [*sorted(entries.items()), *((NONE, block) for block in free)]
    head = udf_regid("*UDF Sparing Table", edition) + pack("<HHI", len(table), 0, 1)
    return head + b"".join(pack("<II", *entry) for entry in table)


def space_bitmap(free: Sequence[bool]) -> bytes:
    """Body of a Space Bitmap Descriptor (4/14.12): a set bit is a free block."""
    bits = bytearray((len(free) + 7) // 8)
    for block, is_free in enumerate(free):
        bits[block // 8] |= is_free << block % 8
    return pack("<II", len(free), len(bits)) + bits


def vat_150(entries: Sequence[int], previous: int) -> bytes:
    """A VAT as UDF 1.50 2.2.10 has it: the entries, the identifier, the ICB of the VAT before."""
    identifier = udf_regid("*UDF Virtual Alloc Tbl", Edition("1.50"))
    return pack(f"<{len(entries)}I", *entries) + identifier + pack("<I", previous)


def vat_200(entries: Sequence[int], previous: int, counts: tuple[int, int], label: str, edition: Edition) -> bytes:
    """A VAT as UDF 2.00 and later have it (2.2.11): a header, then the entries. Counts are files, directories."""
    header = pack("<HH", 152, 0) + dstring(label, 128) + pack("<III", previous, *counts)
    header += pack("<HHHH", edition.least_to_read, edition.bcd, edition.bcd, 0)
    return header + pack(f"<{len(entries)}I", *entries)


# --- files -------------------------------------------------------------------------------------------------------

def file_set(label: str, root: Address, streams: Address | None, block_bytes: int, edition: Edition) -> bytes:
    """Body of a File Set Descriptor (4/14.1, UDF 2.3.2)."""
    head = TIME + pack("<HHIIII", 3, 3, 1, 1, 0, 0) + charspec() + dstring(label, 128) + charspec()
    head += dstring("FILE SET", 32) + bytes(64) + long_ad(RECORDED, block_bytes, root) + domain(edition) + bytes(16)
    return padded(head + (long_ad(RECORDED, block_bytes, streams) if streams else bytes(16)), 496)


@dataclass(frozen=True, slots=True)
class Identifier:
    """What a File Identifier Descriptor says; name with its compression id, empty for the parent."""

    name: bytes
    characteristics: int
    icb: Address
    icb_bytes: int
    unique_id: int
    implementation_use: bytes = b""


def fid_bytes(identifier: Identifier) -> int:
    """4/14.4: a FID is padded to a multiple of 4 bytes."""
    return (38 + len(identifier.implementation_use) + len(identifier.name) + 3) // 4 * 4


def file_identifier(identifier: Identifier, location: int, edition: Edition) -> bytes:
    """A File Identifier Descriptor (4/14.4, UDF 2.3.4)."""
    unique_id = identifier.unique_id if edition.bcd >= 0x0200 else 0
    body = pack("<HBB", 1, identifier.characteristics, len(identifier.name))
    body += long_ad(RECORDED, identifier.icb_bytes, identifier.icb, unique_id)
    body += pack("<H", len(identifier.implementation_use)) + identifier.implementation_use + identifier.name
    return tagged(0x0101, padded(body, fid_bytes(identifier) - 16), location, edition)


@dataclass(frozen=True, slots=True)
class Entry:
    """What a File Entry or Extended File Entry says; space is its allocation descriptors or the embedded content."""

    file_type: int
    addressing: int
    information_length: int
    space: bytes
    blocks_recorded: int = 0
    unique_id: int = 0
    links: int = 1
    attributes: bytes = b""
    strategy: int = 4
    prior_entries: int = 0
    flags: int = 0
    object_size: int | None = None
    streams: Address | None = None
    stream_bytes: int = 0


def icb_tag(file_type: int, flags: int, strategy: int = 4, prior: int = 0) -> bytes:
    """4/14.6; strategy 4096 has a direct and an indirect entry in each ICB extent (UDF 6.6)."""
    strategy_4096 = strategy == 4096
    return pack("<IHHHBBIHH", prior, strategy, strategy_4096, 1 + strategy_4096, 0, file_type, 0, 0, flags)


def file_entry(entry: Entry, location: int, extended: bool, edition: Edition) -> bytes:
    """A File Entry (4/14.9, UDF 2.3.6) or an Extended File Entry (4/14.17, UDF 3.3.5)."""
    permissions = 0x14A5 if entry.file_type in (DIRECTORY, STREAMS) else 0x1084        # read (and search) for all
    head = icb_tag(entry.file_type, entry.addressing | entry.flags, entry.strategy, entry.prior_entries)
    head += pack("<IIIHBBIQ", NONE, NONE, permissions, entry.links, 0, 0, 0, entry.information_length)
    lengths = pack("<QII", entry.unique_id, len(entry.attributes), len(entry.space))
    if not extended:
        head += pack("<Q", entry.blocks_recorded) + TIME * 3 + pack("<I", 1) + bytes(16)
        return tagged(0x0105, head + developer() + lengths + entry.attributes + entry.space, location, edition)
    size = entry.information_length if entry.object_size is None else entry.object_size
    head += pack("<QQ", size, entry.blocks_recorded) + TIME * 4 + pack("<II", 1, 0) + bytes(16)
    head += long_ad(RECORDED, entry.stream_bytes, entry.streams) if entry.streams else bytes(16)
    return tagged(0x010A, head + developer() + lengths + entry.attributes + entry.space, location, edition)


def allocation_extent(previous: int, descriptors: bytes, location: int, edition: Edition) -> bytes:
    """An Allocation Extent Descriptor and the allocation descriptors after it (4/14.5); its CRC covers them
    (UDF 2.3.11)."""
    return tagged(0x0102, pack("<II", previous, len(descriptors)) + descriptors, location, edition)


def indirect_entry(target: Address, block_bytes: int, location: int, edition: Edition) -> bytes:
    """4/14.7."""
    return tagged(0x0103, icb_tag(3, 0, 4096) + long_ad(RECORDED, 2 * block_bytes, target), location, edition)


def terminal_entry(location: int, edition: Edition) -> bytes:
    """4/14.8."""
    return tagged(0x0104, icb_tag(11, 0, 4096), location, edition)


def attributes(parts: Sequence[bytes], location: int, edition: Edition) -> bytes:
    """An extended attributes space: its header (4/14.10.1) and implementation use or device attributes after it."""
    standard = b"".join(part for part in parts if part.startswith(b"\x0c"))
    others = b"".join(part for part in parts if not part.startswith(b"\x0c"))
    first = 24 + len(standard)
    return tagged(0x0106, pack("<II", first, first + len(others)), location, edition) + standard + others


def device(major: int, minor: int) -> bytes:
    """Device Specification extended attribute (4/14.10.7); the implementation use names who wrote it."""
    return pack("<IB3xIIII", 12, 1, 24 + 32, 32, major, minor) + developer()


def free_attribute_space(length: int) -> bytes:
    """Implementation Use extended attribute of so many bytes, UDF's FreeEASpace (4/14.10.8, UDF 3.3.4.5.1.1)."""
    head = pack("<IB3xII", 2048, 1, length, length - 48) + udf_regid("*UDF FreeEASpace", Edition("2.01"))
    return padded(head + pack("<H", sum(head) & 0xFFFF), length)


def path_components(target: str) -> bytes:
    """The content of a symbolic link (4/14.16): root, parent, this and names."""
    raw = b""
    for part in [part for part in target.split("/") if part]:
        kind = {"..": 3, ".": 4}.get(part, 5)
        name = characters(part) if kind == 5 else b""
        raw += pack("<BBH", kind, len(name), 0) + name
    return (pack("<BBH", 2, 0, 0) if target.startswith("/") else b"") + raw
