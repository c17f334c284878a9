"""Inodes of ext that pytsk3 must not follow: large files in maps of blocks, and maps that have no end.

Takes the bytes of a volume; gives them as pytsk3 may have them, such an inode as zeros, and where the content of these
files lies. pytsk3 walks its list of runs from the start for every run of a map of blocks (4 GiB in one file take it an
hour), enters every hole of one, and follows an extent tree that names itself. Source: kernel.org "ext4 data structures"
(group descriptors, inode table, i_block); The Sleuth Kit 4.15, unix_misc.c, ext2fs.c, fs_attr.c.
"""
from __future__ import annotations

import struct
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from typing import NamedTuple

Bytes = Callable[[int, int], bytes]             # (at, length) → bytes of the volume

_HEAD_BYTES = 128                               # of an inode: what does not depend on its size
_INCOMPAT_64BIT, _RO_CHECKSUMS, _UNINIT = 0x80, 0x10 | 0x400, 1
_EXTENTS, _INLINE = 0x80000, 0x10000000         # i_flags
_REGULAR, _DIRECTORY = 0o100000, 0o040000       # i_mode
_ROOT, _FIRST = 2, 11                           # inodes; between them lie the file system's own
_NODE = struct.Struct("<HHHH")                  # eh_magic, eh_entries, eh_max, eh_depth
_MAGIC, _DEEPEST = 0xF30A, 5
_IN_PLACE = 12                                  # addresses of content in i_block; then maps of one, two, three levels
_LARGEST_DIRECTORY = 64 << 20

Run = tuple[int, int]
"""(start, blocks) of a file, in blocks of the volume; start 0 = a hole."""


class Mapped(NamedTuple):
    """A file whose map was read here. runs cover its size."""

    size_bytes: int
    block_bytes: int
    runs: tuple[Run, ...]


class _Endless(Exception):
    """A map that comes back to itself, leaves the volume, cannot be read, or is longer than there is room for."""


class Inodes:
    """The inode tables of one volume. mapped: the files that were read here, by inode, as far as they were asked for.

    read: gives fewer bytes, or none, where something cannot be read. Raises: OSError where the superblock makes no
    sense, the group descriptors are not to be had, or tables lie over each other.
    """

    def __init__(self, read: Bytes, length: int) -> None:
        self._read = read
        self.mapped: dict[int, Mapped] = {}
        block = read(1024, 1024).ljust(1024, b"\0")
        first, log, per_group, self._per_group = (
            int.from_bytes(block[at:at + 4], "little") for at in (20, 24, 32, 40))
        self._each = int.from_bytes(block[88:90], "little") if any(block[76:80]) else _HEAD_BYTES
        if log > 6 or not per_group or not self._per_group or not _HEAD_BYTES <= self._each <= 1024 << log:
            raise OSError("superblock")
        self._size = 1024 << log
        self._pointers = self._size // 4
        self._blocks = min(int.from_bytes(block[4:8], "little"), length // self._size)
        self._table_bytes = self._per_group * self._each
        is_wide = int.from_bytes(block[96:100], "little") & _INCOMPAT_64BIT
        self._has_flags = int.from_bytes(block[100:104], "little") & _RO_CHECKSUMS > 0
        step = max(32, int.from_bytes(block[254:256], "little")) if is_wide else 32
        groups = -(-max(0, self._blocks - first) // per_group)
        raw = read((first + 1) * self._size, groups * step)
        if len(raw) < groups * step:
            raise OSError("group descriptors")
        self._groups = [raw[at:at + 32] for at in range(0, len(raw) - 31, step)]
        tables = sorted((int.from_bytes(group[8:12], "little") * self._size, number)
                        for number, group in enumerate(self._groups))
        self._starts, self._numbers = array("Q", [at for at, _ in tables]), [number for _, number in tables]
        if any(b - a < self._table_bytes for a, b in zip(self._starts, self._starts[1:], strict=False)):
            raise OSError("inode tables")
        self._left = 4 * self._blocks // self._pointers + 4 * self._pointers    # blocks of maps that may be read
        self._bitmaps: dict[int, bytes] = {}
        self._judged: dict[int, bool] = {}      # by inode

    def cleared(self, at: int, content: bytes) -> bytes:
        """The bytes of the volume that begin at `at`, without the inodes that pytsk3 must not follow."""
        end, out = at + len(content), None
        for index in range(bisect_right(self._starts, at - self._table_bytes), bisect_left(self._starts, end)):
            table, number = self._starts[index], self._numbers[index] * self._per_group + 1
            last = -(-min(end - table, self._table_bytes) // self._each)
            for slot in range(max(0, at - table) // self._each, last):
                begin = table + slot * self._each - at
                head = content[begin:begin + _HEAD_BYTES] if 0 <= begin <= len(content) - _HEAD_BYTES \
                    else self._read(at + begin, _HEAD_BYTES).ljust(_HEAD_BYTES, b"\0")
                if not self._is_shallow(head) and not self._may_be_followed(number + slot, head):
                    out = out or bytearray(content)
                    low, high = max(begin, 0), min(begin + self._each, len(content))
                    out[low:high] = bytes(high - low)
        return content if out is None else bytes(out)

    def _is_shallow(self, head: bytes) -> bool:
        """Whether nothing, or no more than one map of one level, hangs on an inode."""
        if head[34] & _EXTENTS >> 16:
            return head[46:48] == b"\0\0" or head[40:42] != b"\x0a\xf3"     # no level below, or refused at once
        return head[35] & _INLINE >> 24 > 0 or _size(head) <= (_IN_PLACE + self._pointers) * self._size

    def _may_be_followed(self, number: int, head: bytes) -> bool:
        if number not in self._judged:
            self._judged[number] = self._judge(number, head)
        return self._judged[number]

    def _judge(self, number: int, head: bytes) -> bool:
        """Whether pytsk3 may follow an inode; a large file is read here. One that is not in use has nothing to show."""
        kind, flags = int.from_bytes(head[:2], "little") & 0o170000, int.from_bytes(head[32:36], "little")
        if not self._is_used(number) or _ROOT != number < _FIRST:
            return False
        seen: set[int] = set()
        try:
            if flags & _EXTENTS:
                self._follow_tree(head[40:100], -1, seen)
                return True
            if kind == _REGULAR:
                self.mapped[number] = Mapped(_size(head), self._size, tuple(self._runs(head, seen)))
            elif kind == _DIRECTORY and _size(head) <= _LARGEST_DIRECTORY:
                for _ in self._runs(head, seen):
                    continue
                return True
        except _Endless:
            pass
        return False

    def _is_used(self, number: int) -> bool:
        """As the bitmap of its group says."""
        group, bit = divmod(number - 1, self._per_group)
        if group not in self._bitmaps:
            place, flags = int.from_bytes(self._groups[group][4:8], "little"), self._groups[group][18]
            none = self._has_flags and flags & _UNINIT
            self._bitmaps[group] = b"" if none else self._read(place * self._size, self._size)
        bitmap = self._bitmaps[group]
        return bit // 8 < len(bitmap) and bitmap[bit // 8] >> bit % 8 & 1 > 0

    def _follow_tree(self, node: bytes, depth: int, seen: set[int]) -> None:
        """A node of an extent tree: each one once, a level below the one that names it, no longer than it is."""
        magic, entries, _, own = _NODE.unpack_from(node)
        if magic != _MAGIC:                     # refused at once
            return
        if entries > (len(node) - 12) // 12 or own > _DEEPEST or depth not in (-1, own):
            raise _Endless
        for at in range(12, 12 + 12 * entries if own else 0, 12):
            low, high = struct.unpack_from("<IH", node, at + 4)
            self._follow_tree(self._once(high << 16 | low, seen), own - 1, seen)        # high as pytsk3 takes it

    def _runs(self, head: bytes, seen: set[int]) -> Iterator[Run]:
        """The runs of a map of blocks, neighbours as one."""
        left, addresses = -(-_size(head) // self._size), array("I", head[40:100])
        start, count = addresses[0], 0
        for address, level in [*((a, 0) for a in addresses[:_IN_PLACE]), *zip(addresses[_IN_PLACE:], (1, 2, 3),
                                                                             strict=True)]:
            for begin, length in self._below(address, level, left, seen):
                left -= length
                if begin == (start + count if start else 0):
                    count += length
                    continue
                if count:
                    yield start, count
                start, count = begin, length
        if left:
            raise _Endless                      # more than three levels hold
        yield start, count

    def _below(self, address: int, level: int, left: int, seen: set[int]) -> Iterator[Run]:
        """What an address of this level stands for, no more than is left of the file."""
        whole = min(left, self._pointers ** level)
        if whole and (not address or not level):
            if address >= self._blocks:
                raise _Endless
            yield address, whole
        elif whole:
            for child in array("I", self._once(address, seen)):
                for run in self._below(child, level - 1, whole, seen):
                    whole -= run[1]
                    yield run

    def _once(self, block: int, seen: set[int]) -> bytes:
        """A block of a map or tree that was not met before."""
        self._left -= 1
        if block in seen or not 0 < block < self._blocks or self._left < 0:
            raise _Endless
        seen.add(block)
        content = self._read(block * self._size, self._size)
        if len(content) < self._size:
            raise _Endless
        return content


def _size(head: bytes) -> int:
    return int.from_bytes(head[4:8], "little") | int.from_bytes(head[108:112], "little") << 32
