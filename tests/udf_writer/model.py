"""What a UDF image is made from (`Options`, `Shape`), and what comes out (`UdfImage`)."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.udf_writer.structures import EMBEDDED, EXTENDED, LONG, RECORDED, SHORT, Edition

MEDIA = ("overwritable", "read-only", "sparable", "virtual", "metadata", "sparable-metadata", "pseudo-overwrite")
ADDRESSING = {"short": SHORT, "long": LONG, "extended": EXTENDED, "embedded": EMBEDDED}
PACKET_BLOCKS = 32                          # of sparable media (UDF 2.2.9: DVD-RW 16, CD-RW 32)
Runs = tuple[tuple[int, int], ...]          # (byte offset in the image, length in bytes)


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a file with extents of its own. kind: RECORDED, ALLOCATED (not recorded) or HOLE; the content of the
    last two is zeros. length 0: the rest."""

    length: int = 0
    kind: int = RECORDED


@dataclass(frozen=True, slots=True)
class Shape:
    """How one file or directory is recorded, where it differs from the others of its image.

    descriptors        as in Options; "" = as there
    extended_entry     EFE or FE; None = as in Options
    pieces             one or more extents each, with a foreign block between them
    descending         the pieces lie in reverse order
    per_icb            so many allocation descriptors at most in the ICB and in each AED; 0 = what fits
    zeros_after, tail  after the content comes a hole of so many bytes (in extents of the greatest length), then this
    file_tail_blocks   so many blocks are allocated (not recorded) after the information length (4/12.1)
    rounded            the last extent counts whole blocks: the information length is shorter than the extents
    characteristics    bits added to the FID's
    identifier         the File Identifier as recorded; empty = made from the path with compression_id (0: 8 or 16)
    implementation_use of the FID (UDF 2.3.4.5)
    no_icb             the FID's ICB is zero, as a deleted one's may be (UDF 2.3.4.2)
    file_type, device  of special files; target makes a symbolic link
    link               another path whose ICB this name gives: a hard link, or a loop of directories
    streams            named streams, name → content
    attribute_bytes    an extended attribute that fills so much of the ICB
    strategy           4, or 4096 (UDF 6.6); prior_versions: so many older contents before it in the chain
    """

    descriptors: str = ""
    extended_entry: bool | None = None
    pieces: tuple[Piece, ...] = ()
    descending: bool = False
    per_icb: int = 0
    zeros_after: int = 0
    tail: bytes = b""
    file_tail_blocks: int = 0
    rounded: bool = False
    characteristics: int = 0
    identifier: bytes = b""
    compression_id: int = 0
    implementation_use: bytes = b""
    no_icb: bool = False
    file_type: int = 0
    device: tuple[int, int] | None = None
    target: str = ""
    link: str = ""
    streams: Mapping[str, bytes] = field(default_factory=dict)
    attribute_bytes: int = 0
    strategy: int = 4
    prior_versions: int = 0


@dataclass(frozen=True, slots=True)
class Options:
    """How an image is recorded.

    medium             one of MEDIA
    descriptors        of files: short, long, extended, embedded (which falls back to long where it does not fit)
    directories        the same of directories; "" = embedded, or what the medium asks for where they do not fit
    extended_entries   EFE or FE; None = EFE where the revision has them (2.00)
    shapes             path → Shape; "" is the root directory
    system_streams     the system stream directory, name → content
    anchors            of 256, 512, "N-1", "N-257" (N: blocks of the volume); None = what the medium asks for
    session_start      the block at which this session begins: its VRS, its anchors and all addresses
    sequence           "plain"; "prevailing": older descriptors before the newer; "prevailing-first": after them;
                       "continued": by a Volume Descriptor Pointer
    integrity          the integrity sequence, "open" or "closed" each; the last prevails
    integrity_next     the last of them lies in an extent of its own
    access_type        of the Partition Descriptor; None = as the medium asks for
    partition_number   of the Partition Descriptor, which the partition maps name
    spared             packets (numbers) that moved to the spare area, stale bytes in their old place
    sparing_tables     copies of the table
    metadata_extents   extents of the Metadata File; metadata_hole: one more, not allocated, between them
    mirror             "duplicated", "shared" (the Metadata File's own extents) or "none"
    metadata_bitmap    whether there is a Metadata Bitmap File
    earlier_content    virtual: what was recorded before, with a VAT of its own, then superseded
    new_session        what superseded it lies in a session of its own;
                       its VRS, anchor and sequences are in the partition
    vat_embedded       the VAT lies in its ICB
    vat_unused         so many unused entries (#FFFFFFFF) before the others
    blocks_after_vat   link or run-out blocks after the VAT ICB
    first_blocks       so many blocks of nobody at the partition's start; 0: content or the file set lies in its block 0
    spare_blocks       free blocks at the end of the partition
    """

    revision: str = "2.01"
    block_bytes: int = 2048
    medium: str = "overwritable"
    label: str = "J010_2026_01_G001_A"
    descriptors: str = "long"
    directories: str = ""
    extended_entries: bool | None = None
    shapes: Mapping[str, Shape] = field(default_factory=dict)
    system_streams: Mapping[str, bytes] = field(default_factory=dict)
    anchors: tuple[int | str, ...] | None = None
    session_start: int = 0
    sequence: str = "plain"
    integrity: tuple[str, ...] = ("closed",)
    integrity_next: bool = False
    access_type: int | None = None
    partition_number: int = 0
    spared: tuple[int, ...] = ()
    sparing_tables: int = 2
    metadata_extents: int = 2
    metadata_hole: bool = False
    mirror: str = "duplicated"
    metadata_bitmap: bool = False
    earlier_content: Mapping[str, bytes] | None = None
    new_session: bool = False
    vat_embedded: bool = False
    vat_unused: int = 0
    blocks_after_vat: int = 0
    first_blocks: int = 1
    spare_blocks: int = 8

    def __post_init__(self) -> None:
        known = self.medium in MEDIA and self.descriptors in ADDRESSING and self.directories in ("", *ADDRESSING)
        if not known or self.sequence not in ("plain", "prevailing", "prevailing-first", "continued"):
            raise ValueError("an option that does not exist")

    @property
    def edition(self) -> Edition:
        return Edition(self.revision)

    @property
    def has_metadata(self) -> bool:
        return self.medium in ("metadata", "sparable-metadata", "pseudo-overwrite")

    @property
    def has_sparing(self) -> bool:
        return self.medium.startswith("sparable")

    @property
    def has_vat(self) -> bool:
        return self.medium == "virtual"

    @property
    def node_ref(self) -> int:
        """The partition reference of ICBs and of the File Set Descriptor."""
        return 1 if self.has_metadata or self.has_vat else 0

    @property
    def partition_access(self) -> int:
        """3/10.5.7; UDF 2.60 2.2.14.2: 0 is pseudo-overwritable."""
        if self.access_type is not None:
            return self.access_type
        by_medium = {"read-only": 1, "virtual": 2, "sparable": 3, "sparable-metadata": 3, "pseudo-overwrite": 0}
        return by_medium.get(self.medium, 4)

    @property
    def where_anchors_lie(self) -> tuple[int | str, ...]:
        return self.anchors if self.anchors is not None else (256,) if self.has_vat else (256, "N-1")


@dataclass(frozen=True, slots=True)
class UdfImage:
    """An image and where its structures lie.

    Names, PATH as in the content ("" is the root):
    vrs:BEA01 vrs:NSR02 (or NSR03) vrs:TEA01 · anchor:256 anchor:512 anchor:N-1 anchor:N-257 ·
    main:PVD IUVD PD LVD USD VDP TD, reserve:…; older ones main:PD:old · lvid:0 lvid:1 …, lvid (the last) lvid:td ·
    fsd fsd:td · fe:PATH (the ICB) aed:PATH:0 data:PATH (what is recorded) fid:PATH dir:PATH (a directory's FIDs) ·
    prior:PATH:0 ie:PATH:0 te:PATH:0 (strategy 4096) ·
    streams:PATH (a stream directory's ICB) dir:PATH:: fe:PATH::STREAM data:PATH::STREAM; PATH //system: the system's ·
    sparing:0 spare:PACKET stale:PACKET · vat vat-icb, before:vat-icb before:fe:PATH before:main:PD … (as recorded
    earlier) ·
    metadata:icb mirror:icb metadata-bitmap:icb, metadata mirror metadata-bitmap (their content), mirror!fe:PATH …
    (the second copy of what lies in the metadata partition) · bitmap
    """

    raw: bytes
    block_bytes: int
    places: Mapping[str, Runs]

    def read(self, name: str) -> bytes:
        """A structure's bytes, its runs joined."""
        return b"".join(self.raw[offset:offset + length] for offset, length in self.places[name])

    def block(self, name: str) -> int:
        """The block of the volume in which a structure begins."""
        return self.places[name][0][0] // self.block_bytes
