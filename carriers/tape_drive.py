"""A tape in a drive, through Linux' st device: positioned and read, never written; no command that could write is sent.

Takes `/dev/nst*`; gives a `Tape`. Of the driver's operations only these are used: rewind-free positioning (MTSEEK,
MTSETPART, MTEOM, MTBSF), the block size in the drive's memory (MTSETBLK 0: records of any length) and the driver's own
option to change partitions. Relies on the kernel's st(4) and Documentation/scsi/st.rst: what `read` answers at a file
mark, at the end of data, for a record that is larger than the buffer, after a medium error.
"""
from __future__ import annotations

import errno
import fcntl
import os
import stat
import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from carriers.blocks import MEDIUM_ERRORS, lost, refused
from carriers.model import CarrierError, DriveLost
from carriers.tape import MAX_RECORD_BYTES, Block, BlockKind

# linux/mtio.h
_MTIOCTOP, _MTIOCGET, _MTIOCPOS = 0x40086D01, 0x80306D02, 0x80086D03
_MTBSF, _MTEOM, _MTSETBLK, _MTSEEK, _MTSETDRVBUFFER, _MTSETPART = 2, 12, 20, 22, 24, 33
_CAN_PARTITIONS = 0x30000400    # MT_ST_SETBOOLEANS | MT_ST_CAN_PARTITIONS: a wish of the driver, nothing for the drive
_OPERATION, _STATUS, _POSITION = struct.Struct("@hi"), struct.Struct("@lllllii"), struct.Struct("@l")
_GMT_EOD, _GMT_WR_PROT, _GMT_ONLINE, _GMT_DR_OPEN = 0x08000000, 0x04000000, 0x01000000, 0x00040000
_BLOCK_BYTES = 0xFFFFFF         # of mt_dsreg; the density code lies above it
_FIRST_BUFFER = 1 << 20
_ST_MAJOR = 9                   # Documentation/admin-guide/devices.txt
_NO_TAPE = frozenset({errno.ENOMEDIUM, errno.ENXIO, errno.ENODEV})


class Kernel(NamedTuple):
    """The calls that reach the device; others in tests."""

    open: Callable[[Path, int], int] = os.open
    ioctl: Callable[[int, int, bytearray], object] = fcntl.ioctl
    read: Callable[[int, int], bytes] = os.read
    close: Callable[[int], None] = os.close


def is_tape_device(path: Path) -> bool:
    """Whether a path is a character device of the st driver. Raises: OSError, of a path that cannot be looked at."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return False
    return stat.S_ISCHR(status.st_mode) and os.major(status.st_rdev) == _ST_MAJOR


class TapeDrive:
    """A tape drive with a tape in it. write_protected, density: as the drive says; density is a code of SSC.
    partitionable: whether the driver can be asked for another partition than the one it is in.

    Raises: CarrierError("tape-none" | "tape-not-ready" | "source-missing" | "source-denied"), DriveLost.
    """

    used_bytes = 0              # only reading will tell
    ends = True                 # a drive finds the end of data, or says that it cannot

    def __init__(self, path: Path, *, kernel: Kernel | None = None, retries: int = 2,
                 clock: Callable[[], float] = time.perf_counter) -> None:
        self.path = path
        self._kernel, self._retries, self._clock = kernel or Kernel(), retries, clock
        self._buffer = _FIRST_BUFFER
        self._partition = self._block = 0
        self._opening = os.urandom(16).hex()
        try:                                                    # blocking, an empty drive takes two minutes to open
            self._fd = self._kernel.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            if error.errno == errno.EBUSY:
                raise CarrierError("tape-busy", source=str(path)) from error
            raise refused(path, error) from error
        try:
            self._begin()
        except BaseException:
            self.close()
            raise

    def _begin(self) -> None:
        _, _, dsreg, gstat, *_ = self._status()
        if gstat & _GMT_DR_OPEN:
            raise CarrierError("tape-none", source=str(self.path))
        if not gstat & _GMT_ONLINE:
            raise CarrierError("tape-not-ready", source=str(self.path))
        self.write_protected = bool(gstat & _GMT_WR_PROT)
        self.density = dsreg >> 24 & 0xFF
        if dsreg & _BLOCK_BYTES:                                # a drive of fixed blocks only keeps them: one a read
            self._tried(_MTSETBLK, 0)
        self._tried(_MTSETDRVBUFFER, _CAN_PARTITIONS)           # needs CAP_SYS_ADMIN; else it must be set already
        self.partitionable = self._tried(_MTSETPART, 0)
        self.partitions = 1
        while self.partitionable and self.partitions < 4 and self._tried(_MTSETPART, self.partitions):
            self.partitions += 1
        self.locate(0, 0)

    def blocks(self, partition: int) -> int:
        self.locate(partition, 0)
        if not self._tried(_MTEOM, 1) and not self._status()[3] & _GMT_EOD:     # of a blank tape: nothing to space over
            raise DriveLost("drive-lost", source=str(self.path), reason="EIO")
        self._block = self._position()
        return self._block

    def locate(self, partition: int, block: int) -> None:
        if self.partitions > 1:
            self._do(_MTSETPART, partition)
        self._do(_MTSEEK, block)
        self._partition, self._block = partition, block

    def mark_before(self, partition: int, block: int) -> int:
        self.locate(partition, block)
        if not self._tried(_MTBSF, 1):                          # the beginning of the partition came first
            self.locate(partition, block)
            return -1
        self._block = self._position()
        return self._block

    def read(self) -> Block:
        begun = self._clock()
        for attempt in range(1, self._retries + 2):
            try:
                content = self._read_once()
            except OSError as error:
                if error.errno in _NO_TAPE or error.errno not in MEDIUM_ERRORS:
                    raise lost(self.path, error) from error
                status = self._status()[3]
                if status & _GMT_EOD:                           # a blank tape; or asked for more behind the end
                    return Block(BlockKind.END)
                if status & _GMT_DR_OPEN:                       # taken out by its button
                    raise DriveLost("drive-lost", source=str(self.path), reason="ENOMEDIUM") from error
                self.locate(self._partition, self._block)       # where the error left the tape is not to be relied on
                continue
            if content:
                self._block += 1
                return Block(BlockKind.RECORD, content, attempt, self._clock() - begun)
            return self._mark_or_end()
        if not self._tried(_MTSEEK, self._block + 1):           # nothing behind it: of a blank tape not even this one
            unread = self._block
            if self.blocks(self._partition) <= unread:
                return Block(BlockKind.END)
            raise DriveLost("drive-lost", source=str(self.path), reason="LOCATE")
        self._block += 1
        return Block(BlockKind.RECORD, None, self._retries + 1, self._clock() - begun)

    def stamp(self) -> list[int | str]:
        """Nothing of a device node says which tape lies in the drive: an interrupted reading of it starts over."""
        return ["tape", str(self.path), self._opening]

    def close(self) -> None:
        if self._fd >= 0:
            self._kernel.close(self._fd)
            self._fd = -1

    def _read_once(self) -> bytes:
        """One record, b"" at a mark or the end of data; the buffer grows to a record that is larger.

        Such a record was passed over by the failed read: the tape is brought back to where it was.
        """
        while True:
            try:
                return self._kernel.read(self._fd, self._buffer)
            except OSError as error:
                if error.errno != errno.ENOMEM or self._buffer >= MAX_RECORD_BYTES:
                    if error.errno == errno.ENOMEM:             # larger than any drive of today writes
                        raise OSError(errno.EIO, "record too large") from error
                    raise
                self._buffer = min(2 * self._buffer, MAX_RECORD_BYTES)
                self.locate(self._partition, self._block)

    def _mark_or_end(self) -> Block:
        """A read of no bytes passed a file mark, or stands at the end of data and moved nothing."""
        if self._status()[3] & _GMT_EOD or self._position() == self._block:
            return Block(BlockKind.END)
        self._block += 1
        return Block(BlockKind.MARK)

    def _status(self) -> tuple[int, ...]:
        raw = bytearray(_STATUS.size)
        self._ioctl(_MTIOCGET, raw)
        return _STATUS.unpack(raw)

    def _position(self) -> int:
        raw = bytearray(_POSITION.size)
        self._ioctl(_MTIOCPOS, raw)
        return int(_POSITION.unpack(raw)[0])

    def _do(self, operation: int, count: int) -> None:
        self._ioctl(_MTIOCTOP, bytearray(_OPERATION.pack(operation, count)))

    def _tried(self, operation: int, count: int) -> bool:
        """Whether an operation succeeded that a drive or tape may not know."""
        try:
            self._kernel.ioctl(self._fd, _MTIOCTOP, bytearray(_OPERATION.pack(operation, count)))
        except OSError as error:
            if error.errno in _NO_TAPE:
                raise lost(self.path, error) from error
            return False
        return True

    def _ioctl(self, request: int, raw: bytearray) -> None:
        try:
            self._kernel.ioctl(self._fd, request, raw)
        except OSError as error:
            raise lost(self.path, error) from error
