"""A tape drive as Linux' st device answers, for tests: what `open`, `ioctl` and `read` do with a tape of `tape_writer`.

Source: st(4), Documentation/scsi/st.rst, drivers/scsi/st.c of Linux 6.1; measured on an emulated LTO-6 drive: a record
larger than the buffer gives ENOMEM and is passed over, the end of data gives a read of no bytes and then EIO.
"""
from __future__ import annotations

import errno
import os
import struct
from collections.abc import Collection
from pathlib import Path

from carriers.tape_drive import Kernel
from tests.tape_writer import Tape

MTIOCTOP, MTIOCGET, MTIOCPOS = 0x40086D01, 0x80306D02, 0x80086D03
# all that may ever be sent
READING = {2: "MTBSF", 12: "MTEOM", 20: "MTSETBLK", 22: "MTSEEK", 24: "MTSETDRVBUFFER", 33: "MTSETPART"}
EOF_, BOT, EOD, WR_PROT, ONLINE, DR_OPEN = 1 << 31, 1 << 30, 1 << 27, 1 << 26, 1 << 24, 1 << 18


class StDevice:
    """bad: (partition, block) that cannot be read; once: that fail the first time. sent: every operation, by name."""

    def __init__(self, tape: Tape | None, *, bad: Collection[tuple[int, int]] = (),
                 once: Collection[tuple[int, int]] = (), block_bytes: int = 0) -> None:
        self.tape, self.bad, self.once, self.block_bytes = tape, set(bad), set(once), block_bytes
        self.partition = self.block = 0
        self.pending = -1                   # partition of a MTSETPART that the next positioning makes true
        self.sent: list[tuple[str, int]] = []
        self.flags = 0
        self.ejected_at = -1                # the button is pressed once so many blocks were read
        self.reads = 0
        self.can_partitions, self.may_set = False, True     # the driver's option; whether this user may set it

    def kernel(self) -> Kernel:
        return Kernel(self._open, self._ioctl, self._read, lambda _: None)

    def _open(self, _: Path, flags: int) -> int:
        assert flags & os.O_ACCMODE == os.O_RDONLY and flags & os.O_NONBLOCK
        return 7

    def _blocks(self) -> list[bytes | None]:
        if self.tape is None:
            raise OSError(errno.ENOMEDIUM, "no medium")
        return self.tape.partitions[self.partition]

    def _ioctl(self, _: int, request: int, raw: bytearray) -> None:
        if request == MTIOCGET:
            state = (ONLINE | WR_PROT) if self.tape is not None else DR_OPEN
            raw[:] = struct.pack("@lllllii", 0x72, 0, 0x5A << 24 | self.block_bytes, state | self.flags, 0, -1, -1)
        elif request == MTIOCPOS:
            raw[:] = struct.pack("@l", self.block)
        else:
            assert request == MTIOCTOP
            self._operate(*struct.unpack("@hi", raw))

    def _operate(self, operation: int, count: int) -> None:
        self.sent.append((READING[operation], count))
        name, self.flags = READING[operation], 0
        if name == "MTSETPART":
            if self.tape is None or not self.can_partitions or not 0 <= count < len(self.tape.partitions):
                raise OSError(errno.EINVAL, "no such partition")
            self.pending = count
            return
        if name == "MTSETDRVBUFFER":
            assert count == 0x30000400                      # MT_ST_SETBOOLEANS | MT_ST_CAN_PARTITIONS and no other
            if not self.may_set:
                raise OSError(errno.EPERM, "not permitted")
            self.can_partitions = True
            return
        if name == "MTSETBLK":
            self.block_bytes = count
            return
        if self.pending >= 0:
            self.partition, self.pending, self.block = self.pending, -1, 0
        blocks = self._blocks()
        if name == "MTSEEK":
            if not 0 <= count <= len(blocks):
                raise OSError(errno.EIO, "beyond the end of data")
            self.block = count
        elif name == "MTEOM":
            self.block, self.flags = len(blocks), EOD
        else:
            marks = [n for n, block in enumerate(blocks[:self.block]) if block is None]
            self.block = marks[-1] if marks else 0
            if not marks:
                raise OSError(errno.EIO, "beginning of the partition")

    def _read(self, _: int, length: int) -> bytes:
        self.reads += 1
        if self.reads == self.ejected_at:
            self.tape = None
            raise OSError(errno.EIO, "ejected")
        blocks, place = self._blocks(), (self.partition, self.block)
        again, self.flags = self.flags & EOD, 0
        if self.block >= len(blocks):
            if not blocks:                  # measured: without a word of the end of data
                raise OSError(errno.EIO, "blank check")
            self.flags = EOD
            if again:
                raise OSError(errno.EIO, "blank check")
            return b""
        if place in self.bad or place in self.once:
            self.once.discard(place)
            self.block += 1                 # a drive may stop before or behind it
            raise OSError(errno.EIO, "medium error")
        block = blocks[self.block]
        self.block += 1
        if block is None:
            self.flags = EOF_
            return b""
        if len(block) > length:
            raise OSError(errno.ENOMEM, "the record is larger")
        return block
