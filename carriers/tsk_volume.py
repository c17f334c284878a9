"""A volume as pytsk3 shows it: its directories walked, its files with the places of their content.

Takes the `Surface` of a disk and where a volume lies on it; gives `Entry`s and content. pytsk3 reads nothing but what
`Surface` gives it, is told what file system it is and never guesses, and opens by inode only. Its orphans and the files
that it makes up (`$FAT1`, `$OrphanFiles`) are left out. Relies on pytsk3 for every structure that differs between file
systems; on `ntfs` for what pytsk3 does not say. Source: The Sleuth Kit, tsk_fs.h.
"""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import pytsk3

from carriers.ext_inodes import Inodes, Mapped
from carriers.file_systems import EXT, FAT, NTFS, Kind
from carriers.surface import Surface

REGULAR, DIRECTORY, LINK = 1, 2, 6              # TSK_FS_META_TYPE_*
KINDS = {3: "fifo", 4: "character-device", 5: "block-device", 7: "shadow", 8: "socket", 9: "whiteout"}
_MADE_UP = (10, 11)                             # TSK_FS_META_TYPE_VIRT, …_VIRT_DIR
_UNALLOCATED = 2                                # TSK_FS_NAME_FLAG_UNALLOC, TSK_FS_META_FLAG_UNALLOC
_NONRESIDENT, _ENCRYPTED, _COMPRESSED, _SPARSE = 0x02, 0x10, 0x20, 0x40         # TSK_FS_ATTR_*
_NTFS_DATA, _STREAM_TYPES = 128, {0x1101: "rsrc", 4354: "rsrc"}
LABEL = b" (Volume Label Entry)"                # after the label of FAT and exFAT in the root directory
OF_EXFAT = frozenset({b"$ALLOC_BITMAP", b"$UPCASE_TABLE", b"$TEX_FAT", b"$VOLUME_GUID"})


class Entry(NamedTuple):
    """A name in a directory. kind: TSK_FS_META_TYPE, 0 where its inode is not in use, -1 where the name is deleted.

    raw: as pytsk3 gives it; short: of FAT, whether it is the 8.3 name. is_found: of NTFS, a record that names its
    directory, which does not name it: pytsk3 shows it all the same. times: when content and inode were changed last.
    """

    raw: bytes
    inode: int
    kind: int
    size: int
    link: bytes
    short: bool
    file: Any
    is_found: bool = False
    times: tuple[int, int, int] = (0, 0, 0)


class Content(NamedTuple):
    """Where the content of a file lies. runs: (start, length, offset in the file) in bytes of the disk.

    flags: TSK_FS_ATTR_FLAG; plain: no hole, nothing unwritten, runs that cover the size. size: of the attribute.
    is_short: runs that do not cover it; is_outside: runs that leave the volume.
    """

    flags: int
    size: int
    plain: bool
    runs: tuple[tuple[int, int, int], ...]
    is_short: bool
    is_outside: bool


NOTHING = Content(0, 0, False, (), False, False)


class _Image(pytsk3.Img_Info):                  # type: ignore[misc]    # pytsk3 wants a class of its own kind
    """A volume as an image. inodes: of ext, those of which pytsk3 must not have the bytes."""

    def __init__(self, surface: Surface, start: int, length: int, inodes: Inodes | None) -> None:
        self._surface, self._start, self._length, self._inodes = surface, start, length, inodes
        super().__init__(url="", type=pytsk3.TSK_IMG_TYPE_EXTERNAL)

    def read(self, offset: int, size: int) -> bytes:
        content = self._surface.peek(self._start + offset, min(size, self._length - offset))
        return content if self._inodes is None else self._inodes.cleared(offset, content)

    def get_size(self) -> int:
        return self._length

    def close(self) -> None:
        """pytsk3 has nothing to close: the surface is another's."""


class TskVolume:
    """Raises: OSError where pytsk3 finds no such file system; DriveLost, CarrierChanged."""

    def __init__(self, surface: Surface, start: int, length: int, kind: Kind) -> None:
        self.surface, self.start, self.kind = surface, start, kind
        length = self._length = min(length, surface.size_bytes - start)
        inodes = Inodes(self._sound, length) if kind is EXT else None
        self.mapped: Mapping[int, Mapped] = inodes.mapped if inodes is not None else {}
        self._image = _Image(surface, start, length, inodes)
        try:
            self._volume = pytsk3.FS_Info(self._image, offset=0, type=getattr(pytsk3, kind.tsk_type))
        finally:
            surface.check()
        self.info = self._volume.info
        self.block_bytes = int(self.info.block_size)
        self.root = int(self.info.root_inum)

    def _sound(self, at: int, length: int) -> bytes:
        """Bytes of the volume; none where something in them cannot be read."""
        content = self.surface.peek(self.start + at, min(length, self._length - at))
        return content if self.surface.failed(self.start + at, length) < 0 else b""

    def entries(self, inode: int) -> Iterator[Entry]:
        """The names in a directory, `.` and `..` left out. Raises: OSError where it cannot be read."""
        try:
            for file in self._volume.open_dir(inode=inode):
                entry = self._entry(file)
                if entry is not None:
                    yield entry
        finally:
            self.surface.check()

    def _entry(self, file: Any) -> Entry | None:
        name, meta = file.info.name, file.info.meta
        raw = name.name or b""
        if raw in (b".", b"..", b"") or int(name.type) in _MADE_UP or (meta is not None and int(meta.type) in _MADE_UP):
            return None
        inode = int(name.meta_addr)
        if int(name.flags) & _UNALLOCATED:
            return Entry(raw, inode, -1, 0, b"", False, None)
        if meta is None or int(meta.flags) & _UNALLOCATED:
            return Entry(raw, inode, 0, 0, b"", False, None)
        kind = REGULAR if inode in self.mapped else int(meta.type)
        link = (meta.link or b"") if kind == LINK else b""
        size = self.mapped[inode].size_bytes if inode in self.mapped else int(meta.size)
        return Entry(raw, inode, kind, size, link, self.kind is FAT and not name.shrt_name, file,
                     self.kind is NTFS and not int(name.type),
                     (int(meta.mtime), int(meta.mtime_nano), int(meta.ctime)))

    def content(self, file: Any) -> Content:
        """Where a file's content lies. Raises: OSError where pytsk3 cannot tell."""
        for attribute in file:
            info = attribute.info
            kind = int(info.type)
            if (kind == _NTFS_DATA and not info.name) if self.kind is NTFS else kind not in _STREAM_TYPES:
                return self._content(attribute, int(info.flags), int(info.size))
        return NOTHING

    def streams(self, file: Any) -> list[tuple[str, int]]:
        """Resource forks of HFS+: name and bytes."""
        return [(_STREAM_TYPES[kind], int(a.info.size)) for a in file
                if (kind := int(a.info.type)) in _STREAM_TYPES and a.info.size]

    def _content(self, attribute: Any, flags: int, size: int) -> Content:
        block, limit = self.block_bytes, int(self.info.block_count)
        runs: list[tuple[int, int, int]] = []
        plain, is_outside, covered = bool(flags & _NONRESIDENT), False, 0
        for run in attribute:
            addr, count, offset = int(run.addr), int(run.len), int(run.offset)
            in_order = offset == covered
            covered = offset + count
            if int(run.flags):
                plain = False
                continue
            is_outside = is_outside or addr + count > limit
            plain = plain and in_order
            length = min(count * block, size - offset * block)
            if length > 0:
                runs.append((self.start + addr * block, length, offset * block))
        is_short = bool(flags & _NONRESIDENT) and covered * block < size
        plain = plain and not is_short and not flags & (_ENCRYPTED | _COMPRESSED | _SPARSE)
        return Content(flags, size, plain, tuple(runs), is_short, is_outside)

    def open(self, inode: int) -> Any:
        """A file by its inode. Raises: OSError."""
        try:
            return self._volume.open_meta(inode=inode)
        finally:
            self.surface.check()

    def read(self, file: Any, at: int, length: int, *attribute: int) -> bytes:
        """Content of a file, fewer bytes where pytsk3 cannot give them; b"" where it gives none.

        attribute: type and number, of the default one if not given.
        """
        try:
            content = bytes(file.read_random(at, length, *attribute))
        except OSError:
            content = b""
        self.surface.check()
        return content
