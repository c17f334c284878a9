"""The nouns of a carrier: what it says it is, what lies on it, how it is read, what was found.

Takes nothing, gives the types that every other room speaks in, relies on nothing of ours.
Units: addresses (`*_lba`) count blocks of `Structure.block_bytes`; `*_bytes` are bytes; `seconds` are seconds.
What is made once per block or file is a NamedTuple (a frozen dataclass costs four times as much to make).
"""
from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple, Protocol, overload

CONTENT_BYTES = 16 << 20        # of a file that is read before the pass
# In which a name that records no encoding may be, in the order in which they are tried; as Python calls them. The code
# pages of Windows have all of GBK, Big5, Shift-JIS, EUC-KR. No byte of a character is ever 0x2F "/"; 0x5C "\\" may be.
NAME_ENCODINGS = ("gb18030", "cp950", "big5hkscs", "cp932", "cp949")


class CarrierKind(StrEnum):
    """An image has the kind it images: ISO or UDF of 2048-byte blocks is a disc even with an MBR, tar is a tape."""

    DISC = "disc"
    DISK = "disk"
    TAPE = "tape"
    FOLDER = "folder"


class Addressing(StrEnum):
    """How places on the carrier are named. FILES: addresses are ours, files one after the other; not printed."""

    BLOCKS = "blocks"
    FILES = "files"
    STREAM = "stream"


class Refused(Exception):
    """We could not look, or must not go on; worded by `[errors.<code>]` in the catalogue with these facts.

    Never a statement about the carrier: that is a Finding.
    """

    def __init__(self, code: str, **facts: str | int) -> None:
        super().__init__(code, facts)
        self.code = code
        self.facts: dict[str, str | int] = facts


class CarrierError(Refused):
    """The source cannot be looked at: missing, no permission, of a kind that we do not read."""


class DriveLost(CarrierError):
    """The drive or the file behind the carrier no longer answers."""


class CarrierChanged(CarrierError):
    """What lies in the drive is not what the intake began with."""


@dataclass(frozen=True, slots=True)
class CarrierId:
    """载体标识: what the carrier says it is.

    serial and volume_label are as recorded, "" = none. fingerprint is the XXH3-128 of the structure blocks:
    two carriers "look alike" by it; it never proves that they are the same piece.
    """

    kind: CarrierKind
    medium: str
    volume_label: str
    serial: str
    capacity_bytes: int
    fingerprint: str
    sessions: int = 1


HOLE = -1                       # as start_lba: recorded nowhere, and zeros by the file system's own rules
THROUGH = -3                    # as start_lba, or less: the file numbered THROUGH - start_lba, whose content only the
                                # carrier's own reader gives (compressed, inside a record …); skip_bytes: where in it


class Extent(NamedTuple):
    """A run of bytes that starts at a block, or `HOLE`, or `THROUGH`.

    partition: tapes only. skip_bytes: bytes of the first block before it (UDF keeps small files inside their ICB).
    """

    start_lba: int
    length_bytes: int
    partition: int = 0
    skip_bytes: int = 0


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One file. path: `/` between components, none at the start; from the first tree that shows the file.

    raw_name: the path as recorded, only where decoding a component of it was a guess, else b"".
    obstacle: "" or the code of the finding that says why its content cannot be had; such a file is never checked.
    extents cover size_bytes exactly; they may lie outside the carrier (that is a finding, and no content).
    """

    path: str
    raw_name: bytes
    size_bytes: int
    extents: tuple[Extent, ...]
    obstacle: str = ""


class Files(Sequence[FileEntry]):
    """Files in columns: a FileEntry is made when asked for (objects cost 1.5 kB a file, columns 0.1 kB).

    The columns may be read directly where half a million files are walked. A file with one extent has its start in
    `starts`, also if that is `THROUGH`; one with none has -1, one with several -2 and its extents in `extents_of`.
    recorded: digests that the carrier itself has of its files (LTFS attributes): algorithm → file numbers, and their
    digests in step.
    """

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.sizes: array[int] = array("q")
        self.starts: array[int] = array("q")
        self.extents_of: dict[int, tuple[Extent, ...]] = {}
        self.raw_names: dict[int, bytes] = {}
        self.obstacles: dict[int, str] = {}
        self.recorded: dict[str, tuple[array[int], bytearray]] = {}

    def add(self, entry: FileEntry) -> int:
        """Append a file and return its number."""
        number = len(self.paths)
        self.paths.append(entry.path)
        self.sizes.append(entry.size_bytes)
        if len(entry.extents) == 1 and entry.extents[0] == (entry.extents[0].start_lba, entry.size_bytes, 0, 0) \
                and (entry.extents[0].start_lba >= 0 or entry.extents[0].start_lba <= THROUGH):
            self.starts.append(entry.extents[0].start_lba)
        elif not entry.extents:
            self.starts.append(-1)
        else:
            self.starts.append(-2)
            self.extents_of[number] = entry.extents
        if entry.raw_name:
            self.raw_names[number] = entry.raw_name
        if entry.obstacle:
            self.obstacles[number] = entry.obstacle
        return number

    def extents(self, number: int) -> tuple[Extent, ...]:
        """The extents of a file, in the order of its content."""
        start = self.starts[number]
        if start >= 0 or start <= THROUGH:
            return (Extent(start, self.sizes[number]),)
        return self.extents_of[number] if start == -2 else ()

    def __len__(self) -> int:
        return len(self.paths)

    @overload
    def __getitem__(self, index: int) -> FileEntry: ...
    @overload
    def __getitem__(self, index: slice) -> list[FileEntry]: ...
    def __getitem__(self, index: int | slice) -> FileEntry | list[FileEntry]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        number = index + len(self) if index < 0 else index
        return FileEntry(self.paths[number], self.raw_names.get(number, b""), self.sizes[number],
                         self.extents(number), self.obstacles.get(number, ""))


@dataclass(frozen=True, slots=True)
class Tree:
    """One of the carrier's name spaces: paths[i] names the file numbered file_nos[i].

    name: "UDF", "Joliet", "Rock Ridge", "ISO 9660", or "files" where a carrier has only one.
    """

    name: str
    paths: Sequence[str]
    file_nos: Sequence[int]


@dataclass(frozen=True, slots=True)
class Structure:
    """结构: the layers of a carrier and the files they show.

    blocks: what the carrier gives, the last one counted even if cut. volume_blocks: what its structure claims (the
    largest claim; 0 = no claim). trees are in the order in which names of a form are looked up. structure_extents: what
    the structure itself occupies, ascending, disjoint. unseen_blocks: at the end of the carrier, too many to be looked
    at beforehand; the pass tells if they are empty. growing: where only the pass will tell (a tar tape): it adds the
    files, and the structure asked for again after it has their trees. Addresses of a tape count records of
    block_bytes, the partitions one after the other. free_space: what belongs to no file is free space, which a disk has
    much of, and is read only for a digest of the whole carrier. links: between the sessions of a disc, where link,
    lead-out and lead-in blocks lie that no drive reads.
    """

    layers: tuple[str, ...]
    addressing: Addressing
    block_bytes: int
    blocks: int
    capacity_bytes: int
    volume_blocks: int
    files: Files | None
    trees: tuple[Tree, ...]
    structure_extents: tuple[Extent, ...] = ()
    unseen_blocks: int = 0
    free_space: bool = False
    links: tuple[Extent, ...] = ()
    growing: Growing | None = None


class Growing(Protocol):
    """What a carrier knows of the files that only its pass finds (a tar tape), as far as the pass has come.

    links: file number → that of the file whose content it has too. lost: file number → bytes that never came.
    """

    @property
    def links(self) -> Mapping[int, int]: ...

    @property
    def lost(self) -> Mapping[int, int]: ...

    def save(self) -> dict[str, Any]:
        """The state at the beginning of the chunk that was given last, for the journal; rows only since the last."""
        ...

    def restore(self, saved: Iterable[Mapping[str, Any]]) -> None:
        """Take up the states of an earlier sitting, oldest first; reading goes on from the last."""
        ...


class FilePart(NamedTuple):
    """A piece of a file inside a read. at_bytes: where in the chunk; slack after it belongs to no file.

    file_no: of `Structure.files`, or a number after all of them: of files that the plan has joined.
    """

    file_no: int
    offset_bytes: int
    at_bytes: int
    length_bytes: int


class PlannedRead(NamedTuple):
    """One read to make. No parts = a gap, read for readability (and the digest of the whole carrier) only."""

    number: int
    extent: Extent
    parts: tuple[FilePart, ...]


class Chunk(NamedTuple):
    """What one read gave; a planned read gives one chunk, or several where a block failed.

    content: None = unreadable after the retry policy; never zero-filled. attempts: reads it took (1 = at once); 0 = not
    attempted, for errors had cost enough.
    read_no: the planned read it belongs to.
    """

    read_no: int
    extent: Extent
    parts: tuple[FilePart, ...]
    attempts: int
    seconds: float
    content: bytes | None


@dataclass(frozen=True, slots=True)
class Finding:
    """发现: a fact, no opinion, no wording. A person's observation too, with facts["by"].

    code: a row of checks/catalogue.toml. facts["place"]: where the severity depends on it.
    """

    code: str
    path: str = ""
    extent: Extent | None = None
    facts: Mapping[str, str | int] = field(default_factory=dict)


class Carrier(Protocol):
    """A carrier in a drive, an image of one, or a folder. Reads only, never writes."""

    def identify(self) -> CarrierId: ...

    def structure(self) -> tuple[Structure, tuple[Finding, ...]]: ...

    def read(self, plan: Iterable[PlannedRead]) -> Iterator[Chunk]:
        """Raises: DriveLost, CarrierChanged. A medium error is a chunk without content."""
        ...

    def content(self, file_no: int) -> bytes | None:
        """A small file whole, before the pass (a list or catalogue on the carrier); its blocks are kept for the pass.

        None: larger than `CONTENT_BYTES`, not readable, or not on the carrier. Raises: DriveLost, CarrierChanged.
        """
        ...

    def findings(self) -> tuple[Finding, ...]:
        """What the drive gave reason to doubt while reading: `drive-doubt`."""
        ...

    def budget(self) -> dict[str, Any]:
        """What errors have cost so far, for the journal: with it an interrupted reading comes to the same end."""
        ...

    def go_on(self, budget: Mapping[str, Any]) -> None:
        """Take up what an earlier sitting has spent on errors."""
        ...

    def stamp(self) -> list[int | str]:
        """What must be the same for an interrupted reading to go on: proof of the same piece, not of equal content."""
        ...

    def close(self) -> None: ...
