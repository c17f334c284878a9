"""The directories of one volume, walked through pytsk3: its files, what is no file, what could not be listed.

Takes a `TskVolume` and the columns to fill; gives findings with paths of the volume. A directory is entered once. What
a name stands for is decided here: extents where blocks can be planned, else `THROUGH`; an obstacle where the content
lies elsewhere or is encrypted. Relies on `ntfs` for what pytsk3 does not say of NTFS.
"""
from __future__ import annotations

from array import array

import xxhash

from carriers import names, ntfs
from carriers.file_systems import EXFAT, EXT, FAT, HFS_PLUS, NTFS
from carriers.model import HOLE, THROUGH, Extent, FileEntry, Files, Finding
from carriers.partitions import UNIT
from carriers.tsk_volume import DIRECTORY, KINDS, LABEL, LINK, NOTHING, OF_EXFAT, REGULAR, Content, Entry, TskVolume

_EXTEND = 11                    # NTFS: the directory of further metafiles
_FIRST_OF = {NTFS: ntfs.FIRST_USER_RECORD, HFS_PLUS: 16}       # inodes below are the file system's own files
_MOST_DEEP = 1024               # directories in each other
_MIRRORED = 4                   # NTFS: records that $MFTMirr has of the MFT
_EXAMPLES = 3
_DENTRY = 32                    # bytes of a directory entry of FAT and exFAT
_FIRST_DENTRY = 3               # what pytsk3 numbers the first one


class Walk:
    """One volume. findings: with paths of the volume. inodes: of each file, for `THROUGH`. seen: inodes by names.

    dentries: of FAT and exFAT, where the first directory entry lies in the volume. records, table, record_bytes: of
    NTFS, what the MFT says, where it lies, how long each record is. label: of FAT and exFAT.
    times: a running digest of when all that is named was changed.
    """

    def __init__(self, volume: TskVolume, files: Files, inodes: array[int], dentries: int = 0) -> None:
        self._volume, self._files, self._inodes, self._dentries = volume, files, inodes, dentries
        self._first = len(files)
        self._links: dict[int, int] = {}                        # inode with content through pytsk3 → its first file
        self._deleted: list[str] = []
        self._deleted_count = 0
        self._held = (0, b"")
        self._runs: tuple[tuple[int, int, int], ...] = ()       # exFAT: of the directory that is being read
        self.findings: list[Finding] = []
        self.seen: set[int] = set()
        self.records = ntfs.Records()
        self.table, self.record_bytes = NOTHING, 0
        self.dirty, self.label = "", ""
        self.times = xxhash.xxh3_64()

    def run(self, is_encrypted: bool) -> None:
        """List everything. is_encrypted: whether any file may be, and nothing tells which. Raises: DriveLost."""
        if self._volume.kind is NTFS:
            try:
                self._read_records()
            except OSError:                     # one of the first records, which all else hangs on
                self._damaged("MFT")
        pending = [(self._volume.root, "", b"", False, 0)]
        entered = {self._volume.root}
        while pending:
            inode, path, raw_path, hidden, depth = pending.pop()
            for number, text, raw in self._directory(inode, path, raw_path, hidden):
                if number in entered:
                    self.findings.append(Finding("directory-loop", text))
                elif depth >= _MOST_DEEP:
                    self._damaged("directory-depth", text)
                else:
                    entered.add(number)
                    inner = hidden or (self._volume.kind is NTFS and number == _EXTEND)
                    pending.append((number, text + "/", raw + b"/", inner, depth + 1))
        if self._deleted_count:
            self.findings.append(Finding("deleted-content", facts={
                "count": self._deleted_count, "examples": "; ".join(self._deleted)}))
        self._tell_unreached()
        if is_encrypted:
            for number in range(self._first, len(self._files)):
                self._files.obstacles.setdefault(number, "file-encrypted")
            self.findings.append(Finding("file-encrypted", facts={"kind": "fscrypt"}))

    def _directory(self, inode: int, path: str, raw_path: bytes, hidden: bool) -> list[tuple[int, str, bytes]]:
        """Take what a directory names. Returns: the directories in it."""
        inner: list[tuple[int, str, bytes]] = []
        met: set[str] = set()
        try:
            if self._volume.kind is EXFAT:
                self._runs = self._volume.content(self._volume.open(inode)).runs
            for entry in self._volume.entries(inode):
                if inode == self._volume.root and self._is_of_volume(entry):
                    continue
                raw = self._short_name(entry) if entry.short else entry.raw
                text, guess = self._decoded(raw, entry)
                shown = path + names.unsplit(text)
                if entry.kind < 0:
                    self._deleted_count += not hidden
                    if not hidden and len(self._deleted) < _EXAMPLES:
                        self._deleted.append(shown)
                    continue
                is_metafile = entry.inode < _FIRST_OF.get(self._volume.kind, 0)
                if entry.kind == DIRECTORY and (not is_metafile or entry.inode == _EXTEND):
                    inner.append((entry.inode, shown, raw_path + raw))
                self.seen.add(entry.inode)
                if hidden or is_metafile:
                    continue
                self.times.update(b"%d %d %d;" % entry.times)
                if guess:
                    self.findings.append(Finding("name-undecodable", shown, facts={"encoding": guess}))
                if names.is_unsafe(text):
                    self.findings.append(Finding("name-unsafe", shown))
                if entry.is_found:
                    self._damaged("unreached", shown)
                if shown in met:
                    self._damaged("duplicate-name", shown)
                met.add(shown)
                recorded = raw_path + raw
                self._take(entry, shown, recorded if guess or not _is_sound(raw_path) else b"")
        except OSError:
            self._damaged("directory", path.rstrip("/"))
        return inner

    def _is_of_volume(self, entry: Entry) -> bool:
        """Whether a name in the root directory of FAT or exFAT is no file's: the label, which is noted, and tables.

        The entry itself tells; a file may have a name like those that pytsk3 makes up for them.
        """
        if self._volume.kind not in (EXFAT, FAT) or not (entry.raw.endswith(LABEL) or entry.raw in OF_EXFAT):
            return False
        dentry = self._dentry(self._place(entry.inode))
        if dentry[0] & 0x7F == 0x05 if self._volume.kind is EXFAT else not dentry[11] & 0x08:
            return False
        if entry.raw.endswith(LABEL):
            self.label = entry.raw[:-len(LABEL)].decode("utf-8", "replace").rstrip()
        return True

    def _take(self, entry: Entry, path: str, raw: bytes) -> None:
        """A name that is not deleted: a file with its place, or what it is instead."""
        tag = self.records.tags.get(entry.inode)
        if tag is not None and (entry.kind != DIRECTORY or tag & 0x20000000):
            self._elsewhere(entry, path, raw, ntfs.tag_name(tag))
        elif entry.kind == LINK:
            self._elsewhere(entry, path, raw, "symlink")
        elif entry.kind == REGULAR:
            self._take_file(entry, path, raw)
        elif entry.kind == 0:
            self._add(entry, FileEntry(path, raw, 0, (), "structure-damaged"))
            self._damaged("inode", path)
        elif entry.kind != DIRECTORY:
            self.findings.append(Finding("content-not-on-carrier", path, facts={
                "kind": KINDS.get(entry.kind, "unknown"), "target": ""}))
        for name, size in self.records.streams.get(entry.inode, ()):
            self.findings.append(Finding("alternate-stream", path, facts={"stream": name, "bytes": size}))

    def _elsewhere(self, entry: Entry, path: str, raw: bytes, kind: str) -> None:
        target = names.decoded(entry.link)[0]
        if entry.kind != DIRECTORY:
            self._add(entry, FileEntry(path, raw, entry.size if entry.kind == REGULAR else 0, (),
                                       "content-not-on-carrier"))
        self.findings.append(Finding("content-not-on-carrier", path, facts={"kind": kind, "target": target}))

    def _take_file(self, entry: Entry, path: str, raw: bytes) -> None:
        if not entry.size:
            self._add(entry, FileEntry(path, raw, 0, ()))
            return
        if entry.inode in self._volume.mapped:
            self._add(entry, FileEntry(path, raw, entry.size, self._of_map(entry.inode)))
            return
        try:
            content = self._volume.content(entry.file)
            streams = () if self._volume.kind is NTFS else self._volume.streams(entry.file)
        except OSError:
            content, streams = NOTHING, ()
        state = self.records.states[entry.inode] if entry.inode < len(self.records.states) else 0
        if content.is_outside:
            limit = self._volume.block_bytes * int(self._volume.info.block_count)
            place = Extent(content.runs[-1][0] // UNIT, content.runs[-1][1])
            self.findings.append(Finding("extent-outside", path, place, {"limit_bytes": limit}))
        if state & ntfs.ENCRYPTED:
            self._add(entry, FileEntry(path, raw, entry.size, (), "file-encrypted"))
            self.findings.append(Finding("file-encrypted", path, facts={"kind": "EFS"}))
        elif content.size != entry.size or content.is_short or content.flags == 0:
            self._add(entry, FileEntry(path, raw, entry.size, (), "structure-damaged"))
            self._damaged("file", path)
        elif self._volume.kind is EXFAT:
            self._add_exfat(entry, content, path, raw)
        elif content.plain and (self._volume.kind is not NTFS or state & ntfs.WHOLE):
            self._add(entry, FileEntry(path, raw, entry.size, _extents(content, entry.size)))
        else:
            first = self._links.setdefault(entry.inode, len(self._files))
            self._add(entry, FileEntry(path, raw, entry.size, (Extent(THROUGH - first, entry.size),)))
        for name, size in streams:
            self.findings.append(Finding("alternate-stream", path, facts={"stream": name, "bytes": size}))

    def _of_map(self, inode: int) -> tuple[Extent, ...]:
        """The extents of a large file of ext2 or ext3, cut at its end."""
        left, block, runs = self._volume.mapped[inode]
        extents = []
        for start, count in runs:
            at = (self._volume.start + start * block) // UNIT if start else HOLE
            extents.append(Extent(at, min(count * block, left)))
            left -= count * block
        return tuple(extents)

    def _add(self, entry: Entry, file: FileEntry) -> None:
        self._files.add(file)
        self._inodes.append(entry.inode)

    def _add_exfat(self, entry: Entry, content: Content, path: str, raw: bytes) -> None:
        """A file of exFAT: what lies behind its valid length are zeros, which pytsk3 does not know.

        Source: Microsoft exFAT specification §7.6.5 (ValidDataLength).
        """
        stream = self._stream_entry(entry.inode)
        valid, size = int.from_bytes(stream[8:16], "little"), int.from_bytes(stream[24:32], "little")
        if stream[:1] != b"\xc0" or size != entry.size or valid > size or not content.plain:
            self._add(entry, FileEntry(path, raw, entry.size, (), "structure-damaged"))
            self._damaged("file", path)
            return
        rest = (Extent(HOLE, size - valid),) if valid < size else ()
        self._add(entry, FileEntry(path, raw, size, _extents(content, valid) + rest))

    def _stream_entry(self, inode: int) -> bytes:
        """The entry after that of a file of exFAT; it may lie in the directory's next cluster. b"": there is none."""
        at = self._place(inode)
        for start, length, offset in self._runs:
            if start <= at < start + length:
                behind = offset + at - start + _DENTRY
                return next((self._dentry(begin + behind - first) for begin, count, first in self._runs
                             if first <= behind < first + count), b"")
        return b""

    def _place(self, inode: int) -> int:
        """Where a directory entry of FAT or exFAT lies by pytsk3's number."""
        return self._volume.start + self._dentries + (inode - _FIRST_DENTRY) * _DENTRY

    def _dentry(self, at: int) -> bytes:
        begin, held = self._held
        if not begin <= at <= begin + len(held) - _DENTRY:
            begin, held = self._held = at - at % UNIT, self._volume.surface.read(at - at % UNIT, 16 * UNIT)
        return held[at - begin:at - begin + _DENTRY]

    def _short_name(self, entry: Entry) -> bytes:
        """An 8.3 name that has no long one: pytsk3 replaces what is not UTF-8, so its bytes are taken as recorded."""
        if entry.raw.isascii() and b"^" not in entry.raw:
            return entry.raw
        dentry = self._dentry(self._place(entry.inode))
        base, extension = dentry[:8].rstrip(b" "), dentry[8:11].rstrip(b" ")
        if base[:1] == b"\x05":
            base = b"\xe5" + base[1:]
        elif entry.kind < 0:
            base = b"_" + base[1:]
        return base + (b"." + extension if extension else b"")

    def _decoded(self, raw: bytes, entry: Entry) -> tuple[str, str]:
        """A name as text. Where the file system records UTF-16 it is no guess, but for a lone surrogate.

        pytsk3 writes "^" for that; the MFT has the name as it is. Of FAT and exFAT a "^" is said to be doubtful.
        """
        if self._volume.kind is EXT or entry.short:
            return names.decoded(raw)
        if b"^" in raw and entry.inode in self.records.names:
            return self.records.names[entry.inode][0], ""
        if b"^" in raw and self._volume.kind in (EXFAT, FAT):
            return raw.decode("utf-8", "surrogateescape"), "bytes"
        try:
            return raw.decode("utf-8", "surrogatepass"), ""
        except UnicodeDecodeError:
            return raw.decode("utf-8", "surrogateescape"), "bytes"

    def _damaged(self, what: str, path: str = "", count: int = 1) -> None:
        self.findings.append(Finding("structure-damaged", path, facts={"what": what, "count": count}))

    # --------------------------------------------------------------------------------------------------- NTFS

    def _read_records(self) -> None:
        """What the MFT says of every file, in one go through it."""
        volume = self._volume
        table = volume.open(0)
        content = volume.content(table)
        boot = volume.surface.read(volume.start, 512)
        per_record = int.from_bytes(boot[64:65], "little", signed=True)
        size = 1 << -per_record if per_record < 0 else per_record * volume.block_bytes
        bitmap = next(((int(a.info.id), int(a.info.size)) for a in table if int(a.info.type) == 176), (0, 0))
        used = b"".join(volume.read(table, at, min(1 << 20, bitmap[1] - at), 176, bitmap[0])
                        for at in range(0, min(bitmap[1], content.size // 8 + 8), 1 << 20))
        if 256 <= size <= 65536:
            self.table, self.record_bytes = content, size
            self.records = ntfs.read_records(lambda at, n: volume.read(table, at, n), content.size, size, used)
        if self.records.damaged:
            self._damaged("MFT", count=len(self.records.damaged))
        mirror = volume.read(volume.open(1), 0, _MIRRORED * size)
        if mirror != volume.read(table, 0, _MIRRORED * size):
            self.findings.append(Finding("descriptor-copies-differ", facts={"what": "MFT-copy", "count": 1}))
        log = volume.read(volume.open(2), 0, 4096)
        if self.records.dirty or not ntfs.is_clean(log):
            self.dirty = "journal"

    def _tell_unreached(self) -> None:
        """Records in use that no name leads to: their directory is damaged, and what they are is lost to sight."""
        states = self.records.states
        lost = sum(1 for number in range(ntfs.FIRST_USER_RECORD, len(states))
                   if states[number] & ntfs.IN_USE and number not in self.seen)
        if lost:
            self._damaged("unreached", count=lost)


def _is_sound(raw_path: bytes) -> bool:
    return raw_path.isascii() or not names.decoded(raw_path)[1]


def _extents(content: Content, size: int) -> tuple[Extent, ...]:
    """The runs of a plain file, neighbours as one, cut at its end."""
    merged: list[list[int]] = []
    left = size
    for start, length, _ in content.runs:
        length = min(length, left)
        left -= length
        if length and merged and sum(merged[-1]) == start:
            merged[-1][1] += length
        elif length:
            merged.append([start, length])
    return tuple(Extent(start // UNIT, length) for start, length in merged)
