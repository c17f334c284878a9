"""The directories of a UDF volume, walked into a `Listing`.

Takes the ICB of the root directory; gives the files in columns, as `volume` does for ISO 9660. Relies on ECMA-167
4/14.4 (file identifier descriptors), 4/8.6, 4/14.16 (path components) and OSTA UDF 2.60 §2.3.4, §3.3.5 (named streams).
The ICBs of a directory's files are read together, ascending: a file costs one block, neighbours are one read.
"""
from __future__ import annotations

import struct
from array import array
from binascii import crc_hqx
from bisect import bisect_right
from collections import deque
from typing import NamedTuple

from carriers import names
from carriers.model import HOLE, Extent, FileEntry, Finding
from carriers.udf_descriptors import FILE_IDENTIFIER, Volume, compressed_unicode, condition
from carriers.udf_files import (
    DIRECTORY,
    FILES,
    KINDS,
    REGULAR,
    STREAM_DIRECTORY,
    SYMBOLIC_LINK,
    Address,
    Icb,
    Icbs,
    Plain,
)
from carriers.udf_mirror import Mirror
from carriers.udf_partitions import HOLE_AT, Metadata, Piece, trimmed
from carriers.volume import Listing

_NON_ALLOCATABLE = b"\x08Non-Allocatable Space"      # the file system's own, empty, in the root; UDF 1.50 §3.3.7.2
_FID = struct.Struct("<HHBxxxHHI2xBB4xIH6xH")       # the tag, characteristics, L_FI, ICB, L_IU
_IS_DIRECTORY, _DELETED, _PARENT = 0x02, 0x04, 0x08
_MAX_PATH = 4096                # characters, as POSIX systems have it
_NAME_BUDGET = 2 << 20          # characters of all paths together, besides one for each byte of the carrier
_TOGETHER = 8192                # files whose ICBs are read together
_RUN_BYTES = 1 << 20            # the most that one read of ICBs asks for
_LINK_BYTES = 64 << 10          # no target of a symbolic link is longer
_EXAMPLES = 3                   # deleted names that are shown
_DOTS = frozenset(("", ".", ".."))
_COMPONENTS = {3: "..", 4: "."}         # of a path, but the root (1, 2) and names (5)


class _Place(NamedTuple):
    """A directory to be read. prefix: "" or its path with a "/" at the end. of_stream: it holds the streams of that."""

    icb: Icb
    offset: int
    prefix: str
    of_stream: bool = False


class _Entry(NamedTuple):
    """A file identifier descriptor that can be trusted."""

    name: bytes
    characteristics: int
    address: Address


Read = Icb | Plain | str
"""What became of an ICB: as it is, in short, or the word for what is wrong with it."""


class _Name(NamedTuple):
    """A recorded name as text. guess: the encoding, where that is a guess, else ""."""

    text: str
    guess: str
    raw: bytes


class Walk:
    """One walk of a volume whose partitions can be used."""

    def __init__(self, volume: Volume, icbs: Icbs) -> None:
        self.listing = Listing()
        self._volume = volume
        self._icbs = icbs
        self._partitions = icbs.partitions
        self._block_bytes = volume.source.block_bytes
        mirrored = any(isinstance(m, Metadata) and m.mirror is not None for m in icbs.partitions.maps)
        self._mirror = Mirror(volume) if mirrored else None
        carrier_bytes = volume.source.size_bytes
        self._name_budget = _NAME_BUDGET + carrier_bytes
        self._extent_budget = 1024 + carrier_bytes // 16        # a hard link gives all extents of its file again
        self._holes_left = carrier_bytes
        self._visited: set[int] = set()                         # blocks of directories
        self._queue: deque[_Place] = deque()
        self._deleted = 0
        self._examples: list[str] = []

    def run(self, root: Address, system_streams: Address | None) -> Listing:
        """Walk breadth first from the root. Raises: DriveLost."""
        streams = [system_streams] if system_streams is not None else []
        offset, icb = self._read_icbs([root])[0]
        if isinstance(icb, Icb) and icb.kind == DIRECTORY:
            self._enter(icb, offset, "")
            streams += [icb.streams] if icb.streams is not None else []
        else:
            self._volume.note(icb if isinstance(icb, str) else "file-entry", "", offset)
        for address in streams:
            self._enter_streams(address, "")
        while self._queue:
            self._directory(self._queue.popleft())
            self._volume.settle()
        if self._mirror is not None:
            self._mirror.compare()
        if self._deleted:
            self.listing.findings.append(Finding("deleted-content", facts={
                "count": self._deleted, "examples": "; ".join(self._examples)}))
        return self.listing

    # --- directories ---------------------------------------------------------------------------------------------

    def _enter(self, icb: Icb, offset: int, path: str, *, of_stream: bool = False) -> None:
        """Queue a directory, once."""
        if offset in self._visited:
            self._volume.note("directory-loop", path, offset)
        elif icb.stored:
            self._volume.note("strategy", path, offset)
        else:
            self._visited.add(offset)
            if icb.lost:
                self._volume.note(icb.lost, path, offset)
            self._queue.append(_Place(icb, offset, path + "/" if path else "", of_stream))

    def _enter_streams(self, address: Address, path: str) -> None:
        offset, icb = self._read_icbs([address])[0]
        if isinstance(icb, Icb) and icb.kind == STREAM_DIRECTORY:
            self._enter(icb, offset, path, of_stream=True)
        else:
            self._volume.note(icb if isinstance(icb, str) else "file-entry", path, offset)

    def _directory(self, place: _Place) -> None:
        """Take in one directory, some entries at a time."""
        self.listing.directories.add(place.offset // self._block_bytes)
        self._icbs.path = place.prefix[:-1]
        content, found = self._sound_content(place)
        begun = len(self.listing.files.paths)
        for first in range(0, len(found), _TOGETHER):
            entries = self._entries(content, found[first:first + _TOGETHER], place)
            texts = [compressed_unicode(entry.name) for entry in entries]
            self._name_budget -= sum([len(text) for text, _ in texts]) + (32 + len(place.prefix)) * len(texts)
            if self._name_budget < 0:
                self._volume.note("too-many-names", place.prefix[:-1], place.offset)
                return
            icbs = self._read_icbs([entry.address for entry in entries])
            if place.of_stream:
                self._tell_streams(place, entries, icbs)
                continue
            read = list(zip(entries, icbs, strict=True))
            for number, (entry, (_, icb)) in enumerate(read if not place.prefix else ()):
                if entry.name == _NON_ALLOCATABLE and not isinstance(icb, str) and not icb[isinstance(icb, Icb)]:
                    del read[number], texts[number]
                    break
            self._take(place, read, texts)
        paths = self.listing.files.paths
        if len(set(paths[begun:])) != len(paths) - begun:
            self._volume.note("duplicate-name", place.prefix[:-1], place.offset)

    def _sound_content(self, place: _Place) -> tuple[bytes, array[int]]:
        """The content of a directory and where its descriptors begin; from the mirror if more of that is sound."""
        path, mirror = place.prefix[:-1], self._mirror
        content = self._content(place)
        found, faults = _identifiers(content, place.icb, self._partitions.block_bytes)
        twins = self._twins(place) if mirror is not None else []
        if faults and twins and mirror is not None and mirror.affords(place.icb.size):
            other = b"".join([self._volume.take(*piece) or bytes(piece[1]) for piece in twins])
            others, fewer = _identifiers(other, place.icb, self._partitions.block_bytes)
            if len(fewer) < len(faults):
                content, found, faults = other, others, [*fewer, "metadata-file"]
        elif mirror is not None:
            at = 0
            for begin, count in twins:
                mirror.expect(begin, content[at:at + count])
                at += count
        for what in faults:
            self._volume.note(what, path, place.offset)
        if not found or not content[found[0] + 18] & _PARENT:
            self._volume.note("directory-start", path, place.offset)
        return content, found

    def _twins(self, place: _Place) -> list[Piece]:
        """Where the content of a directory lies in the mirror of its metadata partition; [] = nowhere else."""
        size, found = self._partitions.block_bytes, list[Piece]()
        if place.icb.lost or any(begin == HOLE_AT for begin, _ in place.icb.pieces) or place.icb.embedded:
            return []
        for reference, first, end in place.icb.logical:
            found += self._partitions.pieces(reference, first, (end - first) * size, mirror=True) or []
        found = trimmed(found, place.icb.size)
        return [] if tuple(found) == place.icb.pieces or sum(n for _, n in found) != place.icb.size else found

    def _entries(self, content: bytes, found: array[int], place: _Place) -> list[_Entry]:
        """Entries from their descriptors, without the parent's and deleted ones, which are counted."""
        kept: list[_Entry] = []
        for at in found:
            _, _, _, _, _, _, characteristics, l_fi, block, reference, l_iu = _FID.unpack_from(content, at)
            name = content[at + 38 + l_iu:at + 38 + l_iu + l_fi]
            if not characteristics & (_PARENT | _DELETED):
                kept.append(_Entry(name, characteristics, Address(reference, block)))
            elif not characteristics & _PARENT:
                self._deleted += 1
                if len(self._examples) < _EXAMPLES:
                    self._examples.append(place.prefix + names.unsplit(compressed_unicode(name)[0]))
        return kept

    def _content(self, place: _Place) -> bytes:
        """The content of a directory: what can be read and was not read before, zeros for what cannot be read."""
        volume, path, end = self._volume, place.prefix[:-1], self._volume.source.size_bytes
        content = bytearray()
        for begin, count in place.icb.pieces:
            if begin == HOLE_AT or begin + count > end:
                volume.note("directory-outside", path, begin)
            for at in range(begin, min(begin + count, end), _RUN_BYTES) if begin != HOLE_AT else ():
                content += self._run(at, min(_RUN_BYTES, begin + count - at, end - at), place)
        return bytes(content)

    def _run(self, offset: int, count: int, place: _Place) -> bytes:
        """A run of a directory's blocks, each once in a walk."""
        volume, size, path = self._volume, self._partitions.block_bytes, place.prefix[:-1]
        if place.icb.embedded:
            return volume.peek(offset, count) or b""
        starts = range(offset // size * size, offset + count, size)
        if not self._visited.isdisjoint(starts):
            volume.note("directory-loop", path, offset)
            return b""
        self._visited.update(starts)
        content = volume.take(offset, count)
        if content is not None:
            return content
        found = bytearray()
        for at in range(offset, offset + count, size):
            block = volume.peek(at, min(size, offset + count - at))
            if block is None:
                volume.note("unreadable-block", path, at)
            found += block if block is not None else bytes(min(size, offset + count - at))
        return bytes(found)

    # --- ICBs ----------------------------------------------------------------------------------------------------

    def _read_icbs(self, addresses: list[Address]) -> list[tuple[int, Read]]:
        """ICBs with their places, or what is wrong with each (place -1: it has none); read ascending."""
        place, size = self._partitions.place, self._partitions.block_bytes
        places = [place(*address) for address in addresses]
        wanted = dict(zip(places, addresses, strict=True))
        wanted.pop(-1, None)
        found: dict[int, Read] = {-1: "file-entry"}
        run: list[int] = []
        for offset in sorted(wanted):
            if run and (offset != run[-1] + size or offset - run[0] >= _RUN_BYTES):
                self._read_run(run, wanted, found)
                run = []
            run.append(offset)
        if run:
            self._read_run(run, wanted, found)
        return [(offset, found[offset]) for offset in places]

    def _read_run(self, run: list[int], wanted: dict[int, Address], found: dict[int, Read]) -> None:
        size, parse = self._partitions.block_bytes, self._icbs.parse
        mirror = self._mirror
        content = self._volume.take(run[0], run[-1] + size - run[0])
        for offset in run:
            begin, address = offset - run[0], wanted[offset]
            block = content[begin:begin + size] if content is not None else self._volume.peek(offset, size)
            icb = parse(block, address, offset) if block is not None else "unreadable-block"
            if mirror is not None and (other := self._partitions.mirror_place(*address)) >= 0:
                if isinstance(icb, str):
                    icb = self._from_mirror(icb, address, other)
                elif block is not None:
                    mirror.expect(other, block)
            found[offset] = icb

    def _from_mirror(self, icb: str, address: Address, offset: int) -> Read:
        """An ICB that cannot be used in the main file of a metadata partition, from the mirror file."""
        block = self._volume.take(offset, self._partitions.block_bytes)
        other = self._icbs.parse(block, address, offset) if block is not None else icb
        if not isinstance(other, str):
            self._volume.note("metadata-file", "", offset)
        return icb if isinstance(other, str) else other

    # --- files ---------------------------------------------------------------------------------------------------

    def _take(self, place: _Place, entries: list[tuple[_Entry, tuple[int, Read]]], texts: list[tuple[str, str]]
              ) -> None:
        """Take in some entries of a directory; ordinary files with ordinary names at once."""
        files, prefix, size, extent = self.listing.files, place.prefix, self._block_bytes, self._volume.extent
        paths, sizes, starts, extents_of = files.paths, files.sizes, files.starts, files.extents_of
        joined = "".join([text for text, _ in texts])
        plain_names = joined.isprintable() and "/" not in joined
        for (entry, (offset, icb)), (text, guess) in zip(entries, texts, strict=True):
            if not isinstance(icb, (Icb, str)) and plain_names and not guess and text not in _DOTS \
                    and not entry.characteristics & _IS_DIRECTORY:
                length, begin = icb
                if length and begin % size:
                    extents_of[len(paths)] = extent(begin, length),
                    starts.append(-2)
                else:
                    starts.append(begin // size if length else -1)
                paths.append(prefix + text)
                sizes.append(length)
            else:
                self._special(place, entry, offset, icb)

    def _special(self, place: _Place, entry: _Entry, offset: int, icb: Read) -> None:
        """What is not an ordinary file under an ordinary name. offset: where its ICB lies."""
        name = _Name(*compressed_unicode(entry.name), entry.name)
        path, is_directory = place.prefix + names.unsplit(name.text), entry.characteristics & _IS_DIRECTORY > 0
        note = self.listing.findings.append
        if isinstance(icb, str):
            self._volume.note(icb, path, offset)
            if is_directory:
                self._say_name(path, name)
            else:
                self._put(name, path, (), "structure-damaged")
            return
        if not isinstance(icb, Icb):
            icb = Icb(REGULAR, icb[0], ((icb[1], icb[0]),) if icb[0] else (), "", "", (), None)
        if is_directory != (icb.kind == DIRECTORY):
            self._volume.note("directory-record", place.prefix[:-1], offset)
        if icb.streams is not None and len(path) <= _MAX_PATH:
            self._enter_streams(icb.streams, path)
        if icb.kind == DIRECTORY:
            if len(path) > _MAX_PATH:
                self._volume.note("path-too-long", place.prefix[:-1], offset)
                return
            self._say_name(path, name)
            self._enter(icb, offset, path)
        elif icb.kind == SYMBOLIC_LINK:
            self.listing.no_files.add(path)
            note(Finding("symlink-noted", path, facts={"target": self._target(icb, path, offset)}))
        elif icb.kind not in FILES:
            self.listing.no_files.add(path)
            note(Finding("content-not-on-carrier", path, facts={"kind": KINDS.get(icb.kind, "unknown")}))
        else:
            self._add_file(name, path, icb, offset)

    def _say_name(self, path: str, name: _Name) -> None:
        """What is to be said of the name of a directory."""
        if names.is_unsafe(name.text):
            self.listing.findings.append(Finding("name-unsafe", path))
        if name.guess:
            self.listing.findings.append(Finding("name-undecodable", path, facts={"encoding": name.guess}))

    def _add_file(self, name: _Name, path: str, icb: Icb, offset: int) -> None:
        """A file: its extents, unless they are lost, encoded, or more than the carrier can mean."""
        self._extent_budget -= max(0, len(icb.pieces) - 1)
        holes = sum(count for begin, count in icb.pieces if begin == HOLE_AT)
        self._holes_left -= holes
        stored = icb.stored or ("sparse" if holes and self._holes_left < 0 else "")
        lost = icb.lost or ("too-many-extents" if self._extent_budget < 0 else "")
        if stored:
            self.listing.findings.append(Finding("content-encoded", path, facts={"kind": stored}))
            self._put(name, path, (), "content-encoded")
        elif lost:
            self._volume.note(lost, path, offset)
            self._put(name, path, (), "structure-damaged")
        else:
            self._put(name, path, icb.pieces, "")

    def _put(self, name: _Name, path: str, pieces: tuple[Piece, ...], obstacle: str) -> None:
        extents = tuple(self._volume.extent(*piece) if piece[0] != HOLE_AT else Extent(HOLE, piece[1])
                        for piece in pieces)
        number = self.listing.files.add(FileEntry(path, b"", sum(n for _, n in pieces), extents, obstacle))
        if names.is_unsafe(name.text):
            self.listing.unsafe.append(number)
        if name.guess:
            self.listing.guessed[number] = name.guess
            self.listing.files.raw_names[number] = name.raw

    def _target(self, icb: Icb, path: str, offset: int) -> str:
        """The target of a symbolic link, "" where it is lost. Source: ECMA-167 4/14.16."""
        content = self._small(icb, _LINK_BYTES)
        if content is None:
            self._volume.note("symbolic-link", path, offset)
            return ""
        target, at, joined = "", 0, True
        while at + 4 <= len(content):
            kind, length = content[at], content[at + 1]
            text = _COMPONENTS.get(kind, "") or compressed_unicode(content[at + 4:at + 4 + length])[0]
            target = "/" if kind in (1, 2) and not text else target + text if joined else target + "/" + text
            joined = target == "/"
            at += 4 + length
        return target

    def _small(self, icb: Icb, most: int) -> bytes | None:
        """The content of a small file; None where it is not small, or not to be had."""
        if icb.lost or icb.stored or icb.size > most:
            return None
        parts = [self._volume.peek(*piece) if piece[0] != HOLE_AT else bytes(piece[1]) for piece in icb.pieces]
        whole = [part for part in parts if part is not None]
        return b"".join(whole) if len(whole) == len(parts) else None

    def _tell_streams(self, place: _Place, entries: list[_Entry], icbs: list[tuple[int, Read]]) -> None:
        """Named streams are told, not read: no list has them, and few programs show them."""
        for entry, (offset, icb) in zip(entries, icbs, strict=True):
            if isinstance(icb, str):
                self._volume.note(icb, place.prefix[:-1], offset)
                continue
            self.listing.findings.append(Finding("alternate-stream", place.prefix[:-1], facts={
                "stream": compressed_unicode(entry.name)[0], "bytes": icb.size if isinstance(icb, Icb) else icb[0]}))


def _identifiers(content: bytes, icb: Icb, block_bytes: int) -> tuple[array[int], list[str]]:
    """Where the file identifier descriptors of a directory begin that can be trusted, and what is wrong with others.

    The tag location of one may be any block of the directory: writers differ on which.
    """
    homes = sorted((first, end) for reference, first, end in icb.logical if reference != HOLE_AT)
    found, faults = array("q"), list[str]()
    at, end, low, high = 0, len(content), 0, 0
    while end - at >= _FID.size:
        tag, version, checksum, crc, crc_length, where, _, l_fi, _, _, l_iu = _FID.unpack_from(content, at)
        body, length = at + 16, 38 + l_iu + l_fi + 3 & ~3
        if not low <= where < high:
            low, high = _home(homes, where)
        if tag == FILE_IDENTIFIER and low <= where < high and version in (2, 3) and crc_length and at + length <= end \
                and not (sum(content[at:body]) - 2 * checksum) & 0xFF \
                and crc_hqx(content[body:body + crc_length], 0) == crc and body + crc_length <= end:
            found.append(at)
            at += length
            continue
        wrong = _condition(content, at, homes, block_bytes)
        if wrong is not None:
            faults.append(wrong)
            found.append(at)
            at += length
            continue
        faults.append("directory-record")
        at = content.find(b"\1\1", at + 1)
        while at >= 0 and (at % 4 or _condition(content, at, homes, block_bytes) is None):
            at = content.find(b"\1\1", at + 1)
        if at < 0:
            return found, faults
    if any(content[at:]):
        faults.append("directory-record")
    return found, faults


def _condition(content: bytes, at: int, homes: list[tuple[int, int]], block_bytes: int) -> str | None:
    """As `condition` of a descriptor, for a file identifier descriptor; "" is none here, for what is sound is taken."""
    if len(content) - at < _FID.size:
        return None
    tag, _, _, _, _, where, _, l_fi, _, _, l_iu = _FID.unpack_from(content, at)
    length = 38 + l_iu + l_fi
    if tag != FILE_IDENTIFIER or length > block_bytes or at + length > len(content):
        return None
    return condition(content[at:at + block_bytes], 0, where if any(_home(homes, where)) else ~where)


def _home(homes: list[tuple[int, int]], block: int) -> tuple[int, int]:
    """The extent that a block lies in, (0, 0) = none."""
    number = bisect_right(homes, (block, 1 << 32)) - 1
    return homes[number] if number >= 0 and block < homes[number][1] else (0, 0)
