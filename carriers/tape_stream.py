"""A tape of archives, or of records of some other program, read once from its beginning to the end of data.

Takes a `Tape`; gives what `carriers.model.Carrier` promises, the files while they are read (`Structure.growing`): each
stretch between file marks is a tar archive, or several, else one file of records. Relies on `tar_members`.
A record that cannot be read is taken to be as long as the one before it: what follows is found again by its headers.
"""
from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import xxhash

from carriers.model import (
    CONTENT_BYTES,
    HOLE,
    Addressing,
    CarrierChanged,
    CarrierId,
    CarrierKind,
    Chunk,
    Extent,
    FileEntry,
    FilePart,
    Finding,
    PlannedRead,
    Structure,
)
from carriers.plan import MAX_READ_BYTES
from carriers.tape import BlockKind, Tape, bounded
from carriers.tar_files import Collected
from carriers.tar_members import BLOCK, Damage, End, Member, Piece, is_header, members

_LOOKED_AT_BYTES = 64 << 10     # of a stretch whose first block is no header
_USUAL_BYTES = 20 * BLOCK       # of a record, where none was read yet: what tar writes unless told otherwise
_LEAST_BOUND = 64 << 30         # for holes, of a tape that holds little or does not say how much
_UNKNOWN = 1 << 62              # the size of a file of records until its mark comes
_FIRST_BLOCKS = 16              # in which the first readable record is looked for


class _Segment(NamedTuple):
    """A record, or what is left of it, at its place in the stretch. content None = unreadable."""

    at: int
    length: int
    address: int
    skip: int
    content: bytes | None
    attempts: int
    seconds: float


class _Stretch:
    """The records from one file mark to the next as one run of bytes; parts of files are laid over it and cut off as
    chunks from its beginning."""

    def __init__(self, tape: Tape, address: int, start: int, skip: int) -> None:
        self._tape, self._address, self._skip = tape, address, skip
        self._segments: list[_Segment] = []
        self._parts: list[FilePart] = []                    # at_bytes: place in the stretch
        self.begin = self.loaded = start
        self.usual = 0                                      # bytes of the last record that was read
        self.over = False                                   # a mark, or the end of data, was met
        self.at_end = False

    def read(self, offset: int, length: int) -> bytes | None:
        """As `tar_members.Bytes`."""
        while self.loaded < offset + length and self._load():
            pass
        pieces = []
        for segment in self._segments:
            if segment.at < offset + length and offset < segment.at + segment.length:
                if segment.content is None:
                    return None
                pieces.append(segment.content[max(0, offset - segment.at):offset + length - segment.at])
        return b"".join(pieces)

    def more(self, offset: int) -> int:
        """How many bytes from there on are loaded; at least one unless the stretch is over."""
        while self.loaded <= offset and self._load():
            pass
        return max(0, self.loaded - offset)

    def place(self, offset: int) -> tuple[int, int]:
        """Address and byte of the record in which this byte lies; estimated where it is not loaded."""
        for segment in reversed(self._segments):
            if segment.at <= offset < segment.at + segment.length:
                return segment.address, segment.skip + offset - segment.at
        ahead, skip = divmod(offset - self.loaded, self.usual or _USUAL_BYTES)
        return self._address + ahead, skip

    def lay(self, part: FilePart) -> None:
        """Say that these bytes belong to a file; in ascending order."""
        self._parts.append(part)

    def cut(self, end: int, read_no: int) -> Iterator[Chunk]:
        """The chunks of all before this byte, which is forgotten then."""
        group: list[_Segment] = []
        rest: list[_Segment] = []
        chunks: list[list[_Segment]] = []
        for segment in self._segments:
            before, after = _split(segment, end)
            rest += [after] if after else []
            if before is None:
                continue
            if group and (before.content is None or group[-1].content is None):
                chunks.append(group)
                group = []
            group.append(before)
        chunks += [group] if group else []
        self._segments = rest
        parts, self._parts = self._parts, [part for part in self._parts if part.at_bytes >= end]
        self.begin = min(end, self.loaded)
        for each in chunks:
            yield from bounded(_chunk(each, parts, read_no))

    def _load(self) -> bool:
        if self.over:
            return False
        block = self._tape.read()
        if block.kind is not BlockKind.RECORD:
            self.over, self.at_end = True, block.kind is BlockKind.END
            return False
        content = block.content[self._skip:] if block.content is not None else None
        length = len(content) if content is not None else max(0, (self.usual or _USUAL_BYTES) - self._skip)
        self._segments.append(_Segment(self.loaded, length, self._address, self._skip, content, block.attempts,
                                       block.seconds))
        self.usual = len(block.content) if block.content is not None else self.usual
        self.loaded, self._address, self._skip = self.loaded + length, self._address + 1, 0
        return True

    @property
    def address(self) -> int:
        """Of the next record that is read, or of the mark that ended the stretch."""
        return self._address


def _split(segment: _Segment, end: int) -> tuple[_Segment | None, _Segment | None]:
    if segment.at + segment.length <= end:
        return segment, None
    if segment.at >= end:
        return None, segment
    cut = end - segment.at
    first, second = (None, None) if segment.content is None else (segment.content[:cut], segment.content[cut:])
    return (segment._replace(length=cut, content=first),
            segment._replace(at=end, length=segment.length - cut, skip=segment.skip + cut, content=second, seconds=0.0))


def _chunk(group: list[_Segment], parts: list[FilePart], read_no: int) -> Chunk:
    begin, end = group[0].at, group[-1].at + group[-1].length
    mine = tuple(FilePart(file_no, offset + max(0, begin - at), max(0, at - begin),
                          min(end, at + length) - max(begin, at))
                 for file_no, offset, at, length in parts if at < end and begin < at + length)
    content = None if group[0].content is None else b"".join(segment.content or b"" for segment in group)
    return Chunk(read_no, Extent(group[0].address, end - begin, 0, group[0].skip), mine,
                 max(segment.attempts for segment in group), sum(segment.seconds for segment in group), content)


class TapeStream:
    """A tape of archives or records, read from its beginning; a `Growing` too."""

    def __init__(self, tape: Tape) -> None:
        self._tape = tape
        self._bases: list[int] = []                         # address of each partition's first block
        self._ends: list[int] = []                          # blocks of each
        self._stretch: _Stretch | None = None
        self._collected = Collected(self._extent_of, 16 * max(tape.used_bytes, _LEAST_BOUND))
        self._lost: dict[int, int] = {}
        self._layers: dict[str, None] = {}
        self._known: tuple[CarrierId, Structure, tuple[Finding, ...]] | None = None
        self._read_no = self._saved = self._told = self._nth = 0         # nth: of the stretches
        self._cut_off = False                               # a member of this stretch ran beyond it
        self._state: dict[str, Any] = {"address": 0, "files": 0, "findings": 0}     # at the beginning of the chunk

    @property
    def links(self) -> Mapping[int, int]:
        return self._collected.links

    @property
    def lost(self) -> Mapping[int, int]:
        return self._lost

    def identify(self) -> CarrierId:
        """A tape without a name; a fingerprint of its first record. Raises: DriveLost."""
        return self._look()[0]

    def structure(self) -> tuple[Structure, tuple[Finding, ...]]:
        """Before the pass: what kind of tape it is; after it: its files. Raises: DriveLost."""
        _, known, findings = self._look()
        if not self._state.get("done"):
            return known, findings
        trees, twice = self._collected.trees()
        layers = tuple(self._layers) or known.layers
        return Structure(layers, known.addressing, known.block_bytes, known.blocks, known.capacity_bytes, 0,
                         self._collected.files, trees, growing=self), (*findings, *self._collected.findings, *twice)

    def findings(self) -> tuple[Finding, ...]:
        """Nothing of the drive; what is found of members belongs to the structure."""
        return ()

    def budget(self) -> dict[str, Any]:
        """Nothing: a tape goes on behind a bad record, or the drive has stopped."""
        return {}

    def go_on(self, budget: Mapping[str, Any]) -> None:
        """Nothing was spent."""

    def stamp(self) -> list[int | str]:
        return self._tape.stamp()

    def close(self) -> None:
        self._tape.close()

    def content(self, file_no: int) -> bytes | None:
        """A small file whole, after the pass; its records are read again."""
        files = self._collected.files
        extents = files.extents(file_no)
        if file_no in files.obstacles or files.sizes[file_no] > CONTENT_BYTES or len(extents) > 1 or self._lost:
            return None
        whole = b""
        for address, length, _, skip in extents:
            self._locate(address)
            while len(whole) < length:
                block = self._tape.read()
                if block.kind is not BlockKind.RECORD or block.content is None:
                    return None
                whole += block.content[skip:]
                skip = 0
            whole = whole[:length]
        return whole

    def read(self, plan: Iterable[PlannedRead]) -> Iterator[Chunk]:
        """The tape from where an earlier sitting left off, or its beginning, to the end of data; the plan is that.

        Raises: DriveLost, CarrierChanged. A medium error is a chunk without content.
        """
        self._look()
        if self._state.get("done"):
            return
        for base, end in zip(self._bases, self._ends, strict=True):
            address = max(base, int(self._state["address"]))
            while address < base + end:
                self._locate(address)
                resumed = self._state if "at" in self._state else {}
                stretch = self._stretch = _Stretch(self._tape, address, int(resumed.get("at", 0)),
                                                   int(resumed.get("skip", 0)))
                yield from self._of_stretch(stretch, resumed)
                address = stretch.address + (not stretch.at_end)
                self._begin(address=address)
                if stretch.at_end and address < base + end:
                    raise CarrierChanged("carrier-changed", source=str(self._tape.path), path="")
        self._begin(done=True)

    def save(self) -> dict[str, Any]:
        """As `Growing`."""
        files, upto = self._collected.files, int(self._state["files"])
        rows = [[files.paths[n], files.raw_names.get(n, b"").hex(), files.sizes[n], files.extents(n),
                 files.obstacles.get(n, "")] for n in range(self._saved, upto)]
        self._saved = upto
        return {"state": self._state, "rows": rows, "layers": list(self._layers), "read_no": self._read_no,
                "links": [[n, of] for n, of in self.links.items() if n < upto],
                "findings": [[f.code, f.path, f.extent, dict(f.facts)] for f in self._found_since()],
                "lost": [[n, count] for n, count in self._lost.items() if n < upto]}

    def restore(self, saved: Iterable[Mapping[str, Any]]) -> None:
        """As `Growing`."""
        for each in saved:
            for path, raw, size, extents, obstacle in each["rows"]:
                self._collected.files.add(FileEntry(path, bytes.fromhex(raw), size, tuple(Extent(*e) for e in extents),
                                                    obstacle))
            self._collected.links.update(dict(each["links"]))
            self._lost.update(dict(each["lost"]))
            self._collected.findings += [Finding(code, path, Extent(*extent) if extent else None, facts)
                                         for code, path, extent, facts in each["findings"]]
            self._layers.update(dict.fromkeys(each["layers"]))
            self._state, self._read_no = each["state"], each["read_no"]
        self._saved, self._told = len(self._collected.files), len(self._collected.findings)
        self._nth, self._cut_off = self._state.get("nth", 0), self._state.get("cut_off", False)

    def _found_since(self) -> list[Finding]:
        """What was found before the chunk that was given last, and not saved yet."""
        since, self._told = self._told, int(self._state["findings"])
        return self._collected.findings[since:self._told]

    def _begin(self, **state: Any) -> None:
        """The chunks from here on are of another read, at whose beginning all this is known."""
        self._read_no += 1
        self._state = {"address": 0, **state, "nth": self._nth, "cut_off": self._cut_off,
                       "files": len(self._collected.files), "findings": len(self._collected.findings)}

    def _look(self) -> tuple[CarrierId, Structure, tuple[Finding, ...]]:
        if self._known is None:
            tape, used = self._tape, self._tape.used_bytes
            self._ends = [tape.blocks(partition) for partition in range(tape.partitions)]
            self._bases = [sum(self._ends[:partition]) for partition in range(tape.partitions)]
            first = self._first_record()
            findings: list[Finding] = []
            if first is None and not self._has_records():
                findings.append(Finding("blank"))
            if not tape.ends:
                findings.append(Finding("carrier-truncated", facts={"reason": "tape", "claimed_bytes": 0,
                                                                    "actual_bytes": used}))
            layer = "tar" if first and is_header(first[:BLOCK]) else "records"
            structure = Structure((layer,) if first else (), Addressing.STREAM, len(first or b"") or _USUAL_BYTES,
                                  sum(self._ends), used, 0, self._collected.files, (), growing=self)
            identity = CarrierId(CarrierKind.TAPE, "", "", "", used, xxhash.xxh3_128(first or b"").hexdigest())
            self._known = identity, structure, tuple(findings)
        return self._known

    def _first_record(self) -> bytes | None:
        for address in range(min(_FIRST_BLOCKS, sum(self._ends))):
            self._locate(address)
            block = self._tape.read()
            if block.kind is BlockKind.RECORD and block.content:
                return block.content
        return None

    def _has_records(self) -> bool:
        """Whether anything but file marks lies on the tape; unreadable records are no blank tape."""
        for partition, end in enumerate(self._ends):
            if self._ends[partition] > _FIRST_BLOCKS:
                return True
            self._tape.locate(partition, 0)
            if any(self._tape.read().kind is BlockKind.RECORD for _ in range(end)):
                return True
        return False

    def _locate(self, address: int) -> None:
        partition = max(n for n, base in enumerate(self._bases) if base <= address and (self._ends[n] or not n))
        self._tape.locate(partition, address - self._bases[partition])

    def _extent_of(self, piece: Piece) -> Extent:
        if self._stretch is None:
            raise RuntimeError("a member outside every stretch")
        if piece.at <= self._stretch.loaded:                # else of a sparse file, far ahead: its place is estimated
            self._stretch.more(piece.at)
        address, skip = self._stretch.place(piece.at)
        return Extent(address, piece.length, 0, skip)

    # ---------------------------------------------------------------------------------------- one stretch

    def _of_stretch(self, stretch: _Stretch, resumed: Mapping[str, Any]) -> Iterator[Chunk]:
        if not resumed:
            self._nth += 1
            self._cut_off = False
            if not stretch.more(0):                         # two marks after each other
                return
        if resumed.get("in", "tar" if self._is_tar(stretch) else "records") == "tar":
            self._layers["tar"] = None
            yield from self._tar(stretch, resumed)
        else:
            self._layers["records"] = None
            yield from self._records(stretch, resumed)

    @staticmethod
    def _is_tar(stretch: _Stretch) -> bool:
        stretch.read(0, _LOOKED_AT_BYTES)
        for at in range(0, min(_LOOKED_AT_BYTES, stretch.loaded) - BLOCK + 1, BLOCK):
            block = stretch.read(at, BLOCK)
            if block is not None and is_header(block) and (not at or block[257:262] == b"ustar"):
                return True
        return False

    def _tar(self, stretch: _Stretch, resumed: Mapping[str, Any]) -> Iterator[Chunk]:
        said = {"globals": resumed.get("globals", {}), "ended": resumed.get("ended", True)}
        globals_ = {key: bytes.fromhex(value) for key, value in said["globals"].items()}
        start = int(resumed.get("at", 0))
        if "file" in resumed:                               # in the middle of a file
            number, done = int(resumed["file"]), int(resumed["offset"])
            piece, start = Piece(start, self._collected.files.sizes[number] - done), int(resumed["end"])
            yield from self._content(stretch, (number, done), piece, {**said, "end": start})
            yield from self._skip(stretch, start)
        for found in members(stretch, start, globals_, said["ended"]):
            said = {"globals": {key: value.hex() for key, value in globals_.items()}, "ended": isinstance(found, End)}
            if isinstance(found, Member):
                yield from self._member(stretch, self._collected.add(found), found, {**said, "end": found.end})
                yield from self._skip(stretch, found.end)
            elif isinstance(found, Damage):
                self._collected.damage(found)
            elif not self._cut_off:
                self._collected.end(found)
            if found.end - stretch.begin < MAX_READ_BYTES or found.end > stretch.loaded:
                continue
            if isinstance(found, Damage):                   # nobody goes on in the middle of one
                yield from stretch.cut(found.end, self._read_no)
            else:
                yield from self._cut(stretch, found.end, {**said, "in": "tar"})
        yield from stretch.cut(stretch.loaded, self._read_no)

    def _cut(self, stretch: _Stretch, at: int, state: Mapping[str, Any]) -> Iterator[Chunk]:
        """Give what lies before this byte; reading can go on there with this state."""
        stretch.more(at)
        address, skip = stretch.place(at)
        yield from stretch.cut(at, self._read_no)
        self._begin(**{"at": at, "address": address, "skip": skip, **state})

    def _member(self, stretch: _Stretch, number: int, member: Member, state: Mapping[str, Any]) -> Iterator[Chunk]:
        """The content of a member; holes are zeros of our own, after what comes before them."""
        if number < 0 or number in self._collected.files.obstacles:
            return
        done = laid = 0
        for piece in member.pieces:
            if piece.at >= 0:
                yield from self._content(stretch, (number, done), piece, state if len(member.pieces) == 1 else None)
                laid = piece.at + piece.length
            else:
                yield from stretch.cut(laid, self._read_no)
                for offset in range(0, piece.length, MAX_READ_BYTES):
                    length = min(MAX_READ_BYTES, piece.length - offset)
                    yield Chunk(self._read_no, Extent(HOLE, length), (FilePart(number, done + offset, 0, length),), 1,
                                0.0, bytes(length))
            done += piece.length

    def _content(self, stretch: _Stretch, of: tuple[int, int], piece: Piece, state: Mapping[str, Any] | None
                 ) -> Iterator[Chunk]:
        """Lay a file's bytes over the stretch. of: its number, and where in it they begin. state: what is to be known
        to go on in the middle of it, None where nobody can."""
        number, done = of
        at, left = piece
        while left:
            length = min(left, stretch.more(at))
            if not length:
                self._lost[number] = self._lost.get(number, 0) + left
                if not self._cut_off:
                    self._collected.findings.append(Finding("carrier-truncated", facts={
                        "claimed_bytes": at + left, "actual_bytes": at}))
                self._cut_off = True
                return
            stretch.lay(FilePart(number, done, at, length))
            at, done, left = at + length, done + length, left - length
            if at - stretch.begin >= MAX_READ_BYTES and left:
                if state is None:
                    yield from stretch.cut(at, self._read_no)
                else:
                    yield from self._cut(stretch, at, {**state, "in": "tar", "file": number, "offset": done})

    def _skip(self, stretch: _Stretch, end: int) -> Iterator[Chunk]:
        """Read on to the next header; what lies between belongs to no file."""
        at = min(stretch.loaded, end)
        while at < end and (length := stretch.more(at)):
            at = min(end, at + length)
            if at - stretch.begin >= MAX_READ_BYTES:
                yield from stretch.cut(at, self._read_no)

    def _records(self, stretch: _Stretch, resumed: Mapping[str, Any]) -> Iterator[Chunk]:
        """Records of another program: one file, whose size only its mark tells; so one record is read ahead."""
        files, at, done = self._collected.files, stretch.begin, int(resumed.get("offset", 0))
        if resumed:
            number = int(resumed["file"])
        else:
            address, skip = stretch.place(at)
            path = f"file{self._nth:06d}.dd"
            number = files.add(FileEntry(path, b"", _UNKNOWN, (Extent(address, _UNKNOWN, 0, skip),)))
            self._collected.findings.append(Finding("file-system-unknown", path, facts={
                "layer": "", "reason": "records", "place": "records"}))
        while length := stretch.more(at):
            following = stretch.more(at + length)
            stretch.lay(FilePart(number, done, at, length))
            at, done = at + length, done + length
            if not following:
                files.sizes[number] = done
            elif at - stretch.begin >= MAX_READ_BYTES:
                yield from self._cut(stretch, at, {"in": "records", "file": number, "offset": done})
        yield from stretch.cut(at, self._read_no)
