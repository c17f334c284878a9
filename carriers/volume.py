"""One volume of a disc: its directories walked into a `Listing`, names decoded, relocated directories put back.

Takes a volume descriptor and a `DirectoryReader`; gives the volume's files in columns. Relies on `iso9660` for
records, `rockridge` for system use areas, `names` for what bytes say. Blocks of ordinary records take the short way
through `_take_ordinary`; whatever is out of the ordinary goes through `_take`.
"""
from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from carriers import names, rockridge
from carriers.iso9660 import (
    ASSOCIATED,
    DIRECTORY,
    INTERLEAVED,
    MULTI_EXTENT,
    DirectoryReader,
    RawRecord,
    Record,
    VolumeDescriptor,
    damaged,
    interleaving,
)
from carriers.model import Extent, FileEntry, Files, Finding

_MAX_PATH = 4096                # characters, as POSIX systems have it
_NAME_BUDGET = 2 << 20          # characters of all paths together, besides one for each byte of the carrier
_ORDINARY_FLAGS = frozenset((0x00, 0x01, 0x08, 0x09, 0x10, 0x11, 0x18, 0x19))       # hidden, record, protection: a file
_CHECKED_TOGETHER = 20_000      # paths whose characters are looked at in one go
_INTERLEAVED_UNITS = 65_536     # pieces of interleaved files in one volume; an extent costs a hundred bytes


@dataclass(slots=True)
class Listing:
    """The files of one volume. iso_paths: where `files` has Rock Ridge names, the ISO 9660 names beside them.

    findings: of the tree itself. unsafe, guessed: numbers of files whose own names are unsafe, or were decoded by a
    guess (guessed: the encoding); they matter only if no better tree names the file. directories: where each begins.
    no_files: paths of links and other records that are no files.
    """

    files: Files = field(default_factory=Files)
    iso_paths: list[str] | None = None
    findings: list[Finding] = field(default_factory=list)
    unsafe: list[int] = field(default_factory=list)
    guessed: dict[int, str] = field(default_factory=dict)
    directories: set[int] = field(default_factory=set)
    no_files: set[str] = field(default_factory=set)


class _Place(NamedTuple):
    """A directory to be walked. prefix: "" or its path with a "/" at the end; iso_prefix: the same in ISO names;
    raw: the prefix as recorded where decoding it was a guess, else b""."""

    extent: Extent
    prefix: str
    iso_prefix: str
    raw: bytes = b""


class _Named(NamedTuple):
    """A record's names as text, what its system use area says, and how the text was guessed: from what, in which
    encoding. gap: of an interleaved file, the blocks between two units; -1 = not to be told."""

    text: str
    iso_text: str
    use: rockridge.SystemUse
    guess: tuple[bytes, str] | None = None
    gap: int = 0


def list_volume(volume: VolumeDescriptor, reader: DirectoryReader, carrier_bytes: int,
                like: Sequence[str] = ()) -> Listing:
    """Walk a volume from its root.

    Args:    like: the paths of another tree; where this one has the same in the same order, the strings are shared.
    Returns: every file that a record shows; what is damaged, looped or no file is in `findings`.
    Raises:  DriveLost.
    Source:  ECMA-119 §6.8, §9.1; Joliet §3; SUSP 1.12; RRIP 1.12 §4.1.5 (relocation).
    """
    walk = _Walk(volume, reader, carrier_bytes, like)
    walk.run()
    encoding = walk.other_encoding()
    if encoding:                            # one encoding holds for a whole tree: once more with that
        again = reader.again()
        walk = _Walk(volume, again, carrier_bytes, like, encoding=encoding)
        walk.run()
        reader.findings[:] = again.findings
    walk.listing.findings += reader.findings
    return walk.listing


def _system_use(reader: DirectoryReader, root: Extent) -> tuple[int, bool]:
    """The bytes to skip in each system use area, -1 where the volume has no Rock Ridge; whether it has CD-ROM XA."""
    block, records = reader.first_records(root.start_lba)
    areas = [block[r.use_at:r.use_end] for r in records]
    skip = rockridge.skip_of_root(areas[0]) if areas else None
    xa = any(map(rockridge.is_xa, areas))
    first = rockridge.XA_BYTES if xa else 0
    if skip is None and any(rockridge.looks_like_rock_ridge(area[first:]) for area in areas[2:3]):
        skip = first
    return -1 if skip is None else skip, xa


class _Walk:
    """The state of one walk. _links: CL, first block of a relocated directory → its true path, as text and as
    recorded where that was guessed. _relocated: RE. encoding: of all names that are not ASCII, "" = not known."""

    def __init__(self, volume: VolumeDescriptor, reader: DirectoryReader, carrier_bytes: int,
                 like: Sequence[str], *, encoding: str = "") -> None:
        self.listing = Listing()
        self._encoding = encoding
        self._guesses = 0                               # names that are no UTF-8
        self._like = like
        self._reader = reader
        self._joliet = volume.name == "Joliet"
        self._skip, self._xa = _system_use(reader, volume.root)
        if self._joliet:
            self._skip = -1
        if self._skip >= 0:
            self.listing.iso_paths = []
        self._budget = _NAME_BUDGET + carrier_bytes
        self._queue = deque((_Place(volume.root, "", ""),))
        self._links: dict[int, tuple[str, bytes]] = {}
        self._relocated: dict[int, _Place] = {}
        self._pending: list[Extent] = []                # the extents so far of a file recorded in several
        self._pending_name = b""
        self._pending_named = _Named("", "", rockridge.SystemUse())
        self._units = min(_INTERLEAVED_UNITS, carrier_bytes // reader.block_bytes)

    def run(self) -> None:
        """Walk breadth first; then the relocated directories, each at the place that its link gives it."""
        while True:
            while self._queue:
                self._directory(self._queue.popleft())
            linked = [lba for lba in self._relocated if lba in self._links]
            for lba in linked:
                path, raw = self._links.pop(lba)
                self._queue.append(self._relocated.pop(lba)._replace(prefix=path + "/", raw=raw + b"/" if raw else b""))
            if linked:
                continue
            if self._relocated:                         # RR_MOVED itself, or a directory whose link is lost
                place = self._relocated.pop(next(iter(self._relocated)))
                self._queue.append(place._replace(prefix=place.iso_prefix))
            elif self._links:
                lba, (path, _) = self._links.popitem()
                own = self._reader.first_records(lba)[1]
                self.listing.findings.append(damaged("relocation", path, Extent(lba, self._reader.block_bytes)))
                if own:
                    self._queue.append(_Place(Extent(lba, own[0].size_bytes), path + "/", path + "/"))
            else:
                return

    def other_encoding(self) -> str:
        """The encoding of the tree where more of its names are no UTF-8 than are UTF-8 beyond doubt; else ""."""
        if not self._guesses:
            return ""
        guessed, files = self.listing.guessed, self.listing.files
        sure = sum(names.is_surely_utf_8(path[path.rfind("/") + 1:]) for i, path in enumerate(files.paths)
                   if i not in guessed)
        return names.likely_encoding(name for raw in files.raw_names.values() for name in raw.split(b"/")) \
            if self._guesses > sure else ""

    def _directory(self, place: _Place) -> None:
        """Take in one directory, block by block; a block of ordinary files at once."""
        path = place.prefix[:-1]
        self.listing.directories.add(place.extent.start_lba)
        begun = len(self.listing.files.paths)
        record_characters = len(place.prefix) + len(place.iso_prefix) + 32
        for block, records in self._reader.records(place.extent, path):
            self._budget -= len(records) * record_characters
            if self._budget < 0:
                self._reader.note("too-many-names", path, place.extent.start_lba)
                break
            if records and (self._pending or not self._take_ordinary(place, block, records)):
                for raw in records:
                    self._take(place, block, Record(*raw))
        if self._pending:
            self._close_pending(place)
        self._check_names(begun, place)
        self._reader.settle()

    def _take_ordinary(self, place: _Place, block: bytes, records: list[RawRecord]) -> bool:
        """Take in the records of one block if all of them are ordinary files with ordinary names; the hot path."""
        raw_names, flags, starts, sizes, at, ends = zip(*records, strict=True)
        if place.raw or not _ORDINARY_FLAGS.issuperset(flags):
            return False
        if self._xa and any(rockridge.xa_form(block[a:end]) for a, end in zip(at, ends, strict=True)):
            return False
        iso_texts: list[str] | None = None
        if self._joliet:
            texts = _split_joliet(raw_names)
        else:
            texts = iso_texts = self._split(raw_names, is_iso=True)
            if self._skip >= 0:
                skip = self._skip
                long_names = [rockridge.plain_name(block, a + skip, end) for a, end in zip(at, ends, strict=True)]
                texts = None if None in long_names else self._split([n for n in long_names if n], is_iso=False)
        if texts is None or len(texts) != len(records):
            return False
        files, prefix, iso_prefix = self.listing.files, place.prefix, place.iso_prefix
        if self.listing.iso_paths is not None:
            if iso_texts is None:
                return False
            self.listing.iso_paths.extend([iso_prefix + text for text in iso_texts])
        paths = [prefix + text for text in texts]
        like = self._like[len(files.paths):len(files.paths) + len(paths)]
        files.paths.extend(like if like == paths else paths)
        files.sizes.extend(sizes)
        files.starts.extend(starts if all(sizes) else [a if b else -1 for a, b in zip(starts, sizes, strict=True)])
        return True

    def _split(self, raw_names: Sequence[bytes], *, is_iso: bool) -> list[str] | None:
        """Many names decoded in one go; None where one of them is out of the ordinary (/, a version but 1, a guess)."""
        raw = b"/".join(raw_names) + b"/"
        if self._encoding and not raw.isascii():
            return None
        try:
            text = raw.decode()
        except UnicodeDecodeError:
            return None
        if is_iso:
            text = text.replace(";1/", "/")
            if ";" in text:
                return None
            text = text.replace("./", "/")
        texts = text[:-1].split("/")
        return texts if len(texts) == len(raw_names) else None

    def _take(self, place: _Place, block: bytes, record: Record) -> None:
        """Take in one record of any kind. The name: Rock Ridge's if there is one, else as ISO 9660 or Joliet has it."""
        guess, use = None, rockridge.SystemUse()
        if self._joliet:
            odd = b"\0" * (len(record.name) & 1)         # half a character: kept visible as one that cannot be
            text, iso_text = _without_version((record.name + odd).decode("utf-16-be", "surrogatepass")), ""
        else:
            text, guess = self._decoded(_iso_raw(record.name))
            iso_text = text
        if self._skip >= 0:
            use = rockridge.read_system_use(block, record.use_at + self._skip, record.use_end, self._reader.area)
            if use.name:
                text, guess = self._decoded(use.name)
        if self._xa:
            use = use._replace(stored=use.stored or rockridge.xa_form(block[record.use_at:record.use_end]))
        self._guesses += guess is not None
        gap = interleaving(block, record) if record.flags & INTERLEAVED else 0
        self._special(place, record, _Named(text, iso_text, use, guess, gap))

    def _decoded(self, raw: bytes) -> tuple[str, tuple[bytes, str] | None]:
        """A name as text; as recorded and its encoding where that was a guess."""
        text, encoding = names.decoded_as(raw, self._encoding) if self._encoding else names.decoded(raw)
        return text, (raw, encoding) if encoding else None

    def _raw_path(self, place: _Place, named: _Named) -> bytes:
        """The path as recorded where a component of it was guessed, else b""."""
        if named.guess is None and not place.raw:
            return b""
        above = place.raw or place.prefix.encode("utf-8", "surrogateescape")
        own = named.guess[0] if named.guess else named.text.encode("utf-8", "surrogateescape")
        return above + own.replace(b"/", names.SLASH.encode())

    def _special(self, place: _Place, record: Record, named: _Named) -> None:
        """A directory, a link, a relocation, an associated file, or a file after all."""
        use = named.use
        note = self.listing.findings.append
        path = place.prefix + names.unsplit(named.text)
        if use.damage:
            self._reader.note(use.damage, place.prefix[:-1], place.extent.start_lba)
        if use.child_lba >= 0:
            self._links[self._reader.based(use.child_lba)] = path, self._raw_path(place, named)
        elif record.flags & DIRECTORY:
            self._enter(place, record, named._replace(text=names.unsplit(named.text)))
        elif use.link is not None:
            self.listing.no_files.add(path)
            note(Finding("symlink-noted", path, facts={"target": names.decoded(use.link)[0]}))
        elif use.kind:
            self.listing.no_files.add(path)
            note(Finding("content-not-on-carrier", path, facts={"kind": use.kind}))
        elif record.flags & ASSOCIATED:
            note(Finding("associated-file", path, Extent(record.start_lba, record.size_bytes)))
        else:
            self._add_file(place, record, named)

    def _enter(self, place: _Place, record: Record, named: _Named) -> None:
        """Queue a directory, or keep it until a link says where it belongs."""
        path = place.prefix + named.text
        if len(path) > _MAX_PATH:
            self._reader.note("path-too-long", place.prefix[:-1], place.extent.start_lba)
            return
        if names.is_unsafe(named.text):
            self.listing.findings.append(Finding("name-unsafe", path))
        if named.guess is not None:
            self.listing.findings.append(Finding("name-undecodable", path, facts={"encoding": named.guess[1]}))
        raw = self._raw_path(place, named)
        below = _Place(Extent(record.start_lba, record.size_bytes), path + "/",
                       place.iso_prefix + names.unsplit(named.iso_text) + "/", raw + b"/" if raw else b"")
        if named.use.relocated:
            self._relocated.setdefault(record.start_lba, below)
        else:
            self._queue.append(below)

    def _add_file(self, place: _Place, record: Record, named: _Named) -> None:
        """A file, or one more extent of a file."""
        if self._pending and record.name != self._pending_name:
            self._close_pending(place)
        if not self._pending:
            self._pending_named = named
        units = self._file_units(record, named.gap) if record.flags & INTERLEAVED else None
        if units is None and record.flags & INTERLEAVED:
            named = named._replace(use=named.use._replace(stored=named.use.stored or "interleaved"))
        if named.use.stored:
            self._pending_named = named
        self._pending += units or [Extent(record.start_lba, record.size_bytes)]
        self._pending_name = record.name
        if not record.flags & MULTI_EXTENT:
            extents, self._pending = self._pending, []
            self._put(place, self._pending_named, extents)

    def _file_units(self, record: Record, gap: int) -> list[Extent] | None:
        """The pieces of an interleaved file section; None where the numbers are not plausible.

        Source: ECMA-119 §6.4.3: file units of so many blocks, a gap of so many between two.
        """
        if not record.size_bytes:
            return []
        size, unit_blocks = self._reader.block_bytes, record.flags >> 8
        unit, step = unit_blocks * size, unit_blocks + gap
        count = -(-record.size_bytes // unit)
        last = record.start_lba + (count - 1) * step
        self._units -= count
        if gap < 0 or self._units < 0 or not self._reader.is_plausible(last, record.size_bytes - (count - 1) * unit):
            return None
        return [Extent(record.start_lba + n * step, min(unit, record.size_bytes - n * unit)) for n in range(count)]

    def _close_pending(self, place: _Place) -> None:
        """A file of several extents whose last one never came: what there is of it, and a finding."""
        self._reader.note("multi-extent", place.prefix[:-1], place.extent.start_lba)
        extents, self._pending = self._pending, []
        self._put(place, self._pending_named, extents)

    def _put(self, place: _Place, named: _Named, extents: Iterable[Extent]) -> None:
        stored = named.use.stored
        obstacle = "content-encoded" if stored else ""
        path = place.prefix + named.text
        joined = _joined(extents, self._reader.block_bytes)
        number = self.listing.files.add(FileEntry(path, self._raw_path(place, named),
                                                  sum(e.length_bytes for e in joined), joined, obstacle))
        if named.guess is not None:
            self.listing.guessed[number] = named.guess[1]
        if self.listing.iso_paths is not None:
            self.listing.iso_paths.append(place.iso_prefix + named.iso_text)
        if stored:
            self.listing.findings.append(Finding(obstacle, path, facts={"kind": stored}))

    def _check_names(self, begun: int, place: _Place) -> None:
        """Find the unsafe names of the directory just taken in, and names that stand twice in it."""
        listing, paths, prefix = self.listing, self.listing.files.paths, place.prefix
        if listing.iso_paths is not None:
            _unsplit_all(listing.iso_paths, begun, place.iso_prefix)
        if len(set(paths[begun:])) != len(paths) - begun:
            self._reader.note("duplicate-name", prefix[:-1], place.extent.start_lba)
        depth = prefix.count("/")
        for first in range(begun, len(paths), _CHECKED_TOGETHER):
            some = paths[first:first + _CHECKED_TOGETHER]
            joined = "".join(some)
            if joined.isprintable() and joined.count("/") == depth * len(some) \
                    and {prefix, prefix + ".", prefix + ".."}.isdisjoint(some):
                continue
            for number, path in enumerate(some, first):
                name = path[len(prefix):]
                if names.is_unsafe(name):
                    listing.unsafe.append(number)
                    paths[number] = prefix + names.unsplit(name)


def _joined(extents: Iterable[Extent], block_bytes: int) -> tuple[Extent, ...]:
    """The extents without empty ones; those that go on where the one before ends, at a whole block, are one."""
    joined: list[Extent] = []
    for extent in extents:
        before = joined[-1] if joined else None
        if before and extent.start_lba * block_bytes == before.start_lba * block_bytes + before.length_bytes:
            joined[-1] = before._replace(length_bytes=before.length_bytes + extent.length_bytes)
        elif extent.length_bytes:
            joined.append(extent)
    return tuple(joined)


def _unsplit_all(paths: list[str], begun: int, prefix: str) -> None:
    depth = prefix.count("/")
    for number in range(begun, len(paths)):
        if paths[number].count("/") != depth:
            paths[number] = prefix + names.unsplit(paths[number][len(prefix):])


def _without_version(text: str) -> str:
    if text[-2:] == ";1":
        return text[:-2]
    head, semicolon, version = text.rpartition(";")
    return head if semicolon and head and version.isdecimal() else text


def _iso_raw(raw: bytes) -> bytes:
    """An ISO 9660 file identifier as people write it: without `;version` and without the dot of an empty extension.

    On bytes: neither is ever the second byte of a character.
    """
    return _without_version(raw.decode("latin-1")).removesuffix(".").encode("latin-1")


def _split_joliet(raw_names: Sequence[bytes]) -> list[str] | None:
    """Many Joliet names decoded in one go; None where one of them is out of the ordinary."""
    if any(length & 1 for length in set(map(len, raw_names))):
        return None
    text = (b"\0/".join(raw_names) + b"\0/").decode("utf-16-be", "surrogatepass").replace(";1/", "/")
    texts = text[:-1].split("/")
    return texts if len(texts) == len(raw_names) and ";" not in text else None
