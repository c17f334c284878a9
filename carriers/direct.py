"""A block device past the page cache: whole sectors into aligned memory, and what the kernel says of it.

Takes a descriptor that is open for reading; gives reads that only the medium answers, its sectors, and whether it is
still there and the same. Relies on the kernel alone; where it answers can be given, so that tests need no device.
Source: open(2) O_DIRECT; linux/fs.h, linux/cdrom.h; the kernel's ABI documents of sysfs (block, scsi).
"""
from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

SECTOR_BYTES = 2048
_PAGE_BYTES = 4096
_BLKSSZGET, _BLKPBSZGET = 0x1268, 0x127B
_CDROM_DRIVE_STATUS, _CURRENT_SLOT = 0x5326, (1 << 31) - 1
_NO_DISC, _TRAY_OPEN = 1, 2
_CDROMREADTOCHDR, _CDROMREADTOCENTRY, _LBA, _DATA = 0x5305, 0x5306, 1, 4
_SECTOR_SIZES = (512, 1024, 2048, 4096)
_LIVE_STATES = ("", "running", "live")      # SCSI and NVMe; others have no state


class Host(NamedTuple):
    """Where the kernel answers."""

    sys: Path = Path("/sys")
    boot_id: Path = Path("/proc/sys/kernel/random/boot_id")
    ioctl: Callable[..., bytes | int] = fcntl.ioctl


HOST = Host()


class Device:
    """An open block device. sector_bytes: the least that it reads; medium_bytes: what fails whole on the medium."""

    def __init__(self, fd: int, number: int, host: Host) -> None:
        self._fd, self._host = fd, host
        self._folder = host.sys / "dev" / "block" / f"{os.major(number)}:{os.minor(number)}"
        self._disk = self._folder.resolve()                     # sysfs names a partition's disk above it
        if (self._disk / "partition").exists():
            self._disk = self._disk.parent
        self.sector_bytes = self._asked(_BLKSSZGET) or self._queue("logical_block_size") or SECTOR_BYTES
        self.medium_bytes = max(self.sector_bytes, self._asked(_BLKPBSZGET) or self._queue("physical_block_size"))

    @property
    def diskseq(self) -> str:
        """The kernel's number for this medium in this drive since it booted; "" where it keeps none (before 5.15)."""
        return _line(self._disk / "diskseq")

    @property
    def boot_id(self) -> str:
        """The kernel's name for the time since it started; diskseq counts from there."""
        return _line(self._host.boot_id)

    def size_bytes(self) -> int:
        return os.lseek(self._fd, 0, os.SEEK_END)

    def gone(self) -> str:
        """Why the drive, or the medium in it, no longer answers, as the name of an error; "" where both are there."""
        if not self._folder.exists() or not self.size_bytes():
            return "ENODEV"
        if _line(self._disk / "device" / "state") not in _LIVE_STATES:
            return "ENXIO"
        try:
            status = self._host.ioctl(self._fd, _CDROM_DRIVE_STATUS, _CURRENT_SLOT)
        except OSError:                                         # no optical drive
            return ""
        return "ENOMEDIUM" if status in (_NO_DISC, _TRAY_OPEN) else ""

    def track_starts(self) -> tuple[int, ...]:
        """Where the data tracks of an optical disc begin, in sectors of 2048 bytes; () where no drive tells."""
        starts = []
        try:
            first, last = bytes(self._host.ioctl(self._fd, _CDROMREADTOCHDR, bytes(2)))
            for track in range(first, last + 1):
                entry = struct.pack("BBBxiB3x", track, 0, _LBA, 0, 0)
                _, control, _, start, _ = struct.unpack(
                    "BBBxiB3x", bytes(self._host.ioctl(self._fd, _CDROMREADTOCENTRY, entry)))
                if control >> 4 & _DATA and start >= 0:
                    starts.append(start)
        except OSError:
            return ()
        return tuple(starts)

    def _asked(self, request: int) -> int:
        """A sector size by ioctl; 0 where the kernel gives none, or a bridge makes one up."""
        try:
            size = struct.unpack("i", bytes(self._host.ioctl(self._fd, request, bytes(4))))[0]
        except OSError:
            return 0
        return size if size in _SECTOR_SIZES else 0

    def _queue(self, name: str) -> int:
        text = _line(self._disk / "queue" / name)
        return int(text) if text in map(str, _SECTOR_SIZES) else 0


def _line(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError:
        return ""


def opened(path: Path) -> int:
    """A block device, open for reading, past the page cache unless the kernel refuses that. Raises: OSError."""
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOCTTY
    try:
        return os.open(path, flags | os.O_DIRECT)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
    return os.open(path, flags)


def is_direct(fd: int) -> bool:
    """Whether reads of a descriptor go past the page cache."""
    return bool(fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_DIRECT)


class DirectReader:
    """Stands in for os.pread on a descriptor opened with O_DIRECT: addresses, lengths and memory in whole sectors."""

    def __init__(self, sector_bytes: int) -> None:
        self._sector_bytes = sector_bytes
        self._room = _aligned(1 << 20)

    def __call__(self, fd: int, length: int, offset: int) -> bytes:
        """What one read gives from this byte on: at most length bytes, b"" at the end. Raises: OSError."""
        skip = offset % self._sector_bytes
        whole = -(-(skip + length) // self._sector_bytes) * self._sector_bytes
        if whole > len(self._room):
            self._room = _aligned(whole)
        got = os.preadv(fd, [self._room[:whole]], offset - skip)
        return bytes(self._room[skip:min(got, skip + length)])


def _aligned(length: int) -> memoryview:
    """Memory that begins at a page, as a device wants it. Not mapped: that is for files, and forbidden here."""
    raw = bytearray(length + _PAGE_BYTES)
    skip = -ctypes.addressof(ctypes.c_char.from_buffer(raw)) % _PAGE_BYTES
    return memoryview(raw)[skip:skip + length]


def read_uncached(fd: int, length: int, offset: int) -> bytes:
    """os.pread where the kernel refuses to read past its cache: what the cache holds of it is dropped before."""
    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_RANDOM)            # no read-ahead: an error would be somebody else's
    os.posix_fadvise(fd, offset, length, os.POSIX_FADV_DONTNEED)
    return os.pread(fd, length, offset)
