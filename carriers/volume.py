"""One volume of a disc: its directories walked into a `Listing`, names decoded, relocated directories put back.

Takes a volume descriptor and a `DirectoryReader`; gives the volume's files in columns. Relies on `iso9660` for
records and `rockridge` for system use areas. Blocks of ordinary records take the short way through `_take_ordinary`;
whatever is out of the ordinary goes through `_take`.
"""
from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
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
)
from carriers.model import Extent, FileEntry, Files, Finding

_MAX_PATH = 4096                # characters, as POSIX systems have it
_NAME_BUDGET = 2 << 20          # characters of all paths together, besides one for each byte of the carrier
_ORDINARY_FLAGS = frozenset((0x00, 0x01, 0x08, 0x09, 0x10, 0x11, 0x18, 0x19))       # hidden, record, protection: a file
_CHECKED_TOGETHER = 20_000      # paths whose characters are looked at in one go
Decode = Callable[[bytes], tuple[str, str]]
"""A recorded name → its text, and the encoding where that was a guess."""


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
    """A directory to be walked. prefix: "" or its path with a "/" at the end; iso_prefix: the same in ISO names."""

    extent: Extent
    prefix: str
    iso_prefix: str


class _Named(NamedTuple):
    """A record's names as text, and what its system use area says."""

    text: str
    iso_text: str
    use: rockridge.SystemUse


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
    if walk.looks_like_gb18030():           # one encoding holds for a whole tree: once more with that
        again = reader.again()
        walk = _Walk(volume, again, carrier_bytes, like, decode=names.decoded_as_gb18030)
        walk.run()
        reader.findings[:] = again.findings
    walk.listing.findings += reader.findings
    return walk.listing


def _rock_ridge_skip(reader: DirectoryReader, root: Extent) -> int:
    """The bytes to skip in each system use area, -1 where the volume has no Rock Ridge."""
    block, records = reader.first_records(root.start_lba)
    skip = rockridge.skip_of_root(block[records[0].use_at:records[0].use_end]) if records else None
    if skip is None and any(rockridge.looks_like_rock_ridge(block[r.use_at:r.use_end]) for r in records[2:3]):
        return 0
    return -1 if skip is None else skip


class _Walk:
    """The state of one walk. _links: CL, first block of a relocated directory → its true path. _relocated: RE."""

    def __init__(self, volume: VolumeDescriptor, reader: DirectoryReader, carrier_bytes: int,
                 like: Sequence[str], *, decode: Decode = names.decoded) -> None:
        self.listing = Listing()
        self._decode = decode
        self._guesses = 0                               # names that are no UTF-8, and read as GB18030
        self._like = like
        self._reader = reader
        self._joliet = volume.name == "Joliet"
        self._skip = -1 if self._joliet else _rock_ridge_skip(reader, volume.root)
        if self._skip >= 0:
            self.listing.iso_paths = []
        self._budget = _NAME_BUDGET + carrier_bytes
        self._queue = deque((_Place(volume.root, "", ""),))
        self._links: dict[int, str] = {}
        self._relocated: dict[int, _Place] = {}
        self._pending: list[Extent] = []                # the extents so far of a file recorded in several
        self._pending_name = b""
        self._pending_named = _Named("", "", rockridge.SystemUse())
        self._guess: tuple[bytes, str] | None = None    # of the name decoded last: as recorded, encoding

    def run(self) -> None:
        """Walk breadth first; then the relocated directories, each at the place that its link gives it."""
        while True:
            while self._queue:
                self._directory(self._queue.popleft())
            linked = [lba for lba in self._relocated if lba in self._links]
            for lba in linked:
                self._queue.append(self._relocated.pop(lba)._replace(prefix=self._links.pop(lba) + "/"))
            if linked:
                continue
            if self._relocated:                         # RR_MOVED itself, or a directory whose link is lost
                place = self._relocated.pop(next(iter(self._relocated)))
                self._queue.append(place._replace(prefix=place.iso_prefix))
            elif self._links:
                lba, path = self._links.popitem()
                own = self._reader.first_records(lba)[1]
                self.listing.findings.append(damaged("relocation", path, Extent(lba, self._reader.block_bytes)))
                if own:
                    self._queue.append(_Place(Extent(lba, own[0].size_bytes), path + "/", path + "/"))
            else:
                return

    def looks_like_gb18030(self) -> bool:
        """Whether more names are GB18030 and no UTF-8 than are UTF-8 beyond doubt."""
        if not self._guesses or self._decode is not names.decoded:
            return False
        guessed, paths = self.listing.guessed, self.listing.files.paths
        sure = sum(names.is_surely_utf_8(path[path.rfind("/") + 1:]) for i, path in enumerate(paths)
                   if i not in guessed)
        return self._guesses > sure

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
        if not _ORDINARY_FLAGS.issuperset(flags):
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
        if self._decode is not names.decoded and not raw.isascii():
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
        self._guess = None
        use = rockridge.SystemUse()
        if self._joliet:
            odd = b"\0" * (len(record.name) & 1)         # half a character: kept visible as one that cannot be
            text, iso_text = _without_version((record.name + odd).decode("utf-16-be", "surrogatepass")), ""
        else:
            text = iso_text = _iso_text(self._decoded(record.name))
        if self._skip >= 0:
            use = rockridge.read_system_use(block, record.use_at + self._skip, record.use_end, self._reader.area)
            if use.name:
                self._guess = None
                text = self._decoded(use.name)
        self._special(place, record, _Named(text, iso_text, use))

    def _decoded(self, raw: bytes) -> str:
        text, encoding = self._decode(raw)
        if encoding:
            self._guess = raw, encoding
            self._guesses += encoding == "gb18030"
        return text

    def _special(self, place: _Place, record: Record, named: _Named) -> None:
        """A directory, a link, a relocation, an associated file, or a file after all."""
        use = named.use
        note = self.listing.findings.append
        path = place.prefix + names.unsplit(named.text)
        if use.damage:
            self._reader.note(use.damage, place.prefix[:-1], place.extent.start_lba)
        if use.child_lba >= 0:
            self._links[use.child_lba] = path
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
        if self._guess is not None:
            self.listing.findings.append(Finding("name-undecodable", path, facts={"encoding": self._guess[1]}))
        below = _Place(Extent(record.start_lba, record.size_bytes), path + "/",
                       place.iso_prefix + names.unsplit(named.iso_text) + "/")
        if named.use.relocated:
            self._relocated.setdefault(record.start_lba, below)
        else:
            self._queue.append(below)

    def _add_file(self, place: _Place, record: Record, named: _Named) -> None:
        """A file, or one more extent of a file."""
        if self._pending and record.name != self._pending_name:
            self._close_pending(place)
        extent = Extent(record.start_lba, record.size_bytes)
        if record.flags & MULTI_EXTENT:
            self._pending_name = record.name
            self._pending.append(extent)
            self._pending_named = named
            return
        extents = tuple(e for e in (*self._pending, extent) if e.length_bytes)
        self._pending = []
        self._put(place, named, extents, "interleaved" if record.flags & INTERLEAVED else named.use.stored)

    def _close_pending(self, place: _Place) -> None:
        """A file of several extents whose last one never came: what there is of it, and a finding."""
        self._reader.note("multi-extent", place.prefix[:-1], place.extent.start_lba)
        extents, self._pending = tuple(e for e in self._pending if e.length_bytes), []
        self._put(place, self._pending_named, extents, "")

    def _put(self, place: _Place, named: _Named, extents: tuple[Extent, ...], stored: str) -> None:
        obstacle = "content-encoded" if stored else ""
        path = place.prefix + named.text
        number = self.listing.files.add(FileEntry(path, b"", sum(e.length_bytes for e in extents), extents, obstacle))
        if self._guess is not None:
            self.listing.files.raw_names[number], self.listing.guessed[number] = self._guess
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


def _iso_text(text: str) -> str:
    """An ISO 9660 file identifier as people write it: without `;version` and without the dot of an empty extension."""
    return _without_version(text).removesuffix(".")


def _split_joliet(raw_names: Sequence[bytes]) -> list[str] | None:
    """Many Joliet names decoded in one go; None where one of them is out of the ordinary."""
    if any(length & 1 for length in set(map(len, raw_names))):
        return None
    text = (b"\0/".join(raw_names) + b"\0/").decode("utf-16-be", "surrogatepass").replace(";1/", "/")
    texts = text[:-1].split("/")
    return texts if len(texts) == len(raw_names) and ";" not in text else None
