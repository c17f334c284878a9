"""Nothing is written to a carrier: proven before it is opened, and once more after it was read.

Takes a source, gives `Held`. A block device and all its partitions are read-only in the kernel, set by the udev rule
before anything looked at them or by us, and read back; a disk is claimed for us alone, so that nobody can mount it, or
build a RAID or a volume on it, as long as it is held. What cannot be proven is refused.
"""
from __future__ import annotations

import errno
import fcntl
import os
import stat
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pyudev

from carriers.blocks import refused
from carriers.model import CarrierError, Finding, Refused
from station.block_devices import BlockDevices, Machine, Use, text_of
from station.drives import medium_of

# Source: Linux, include/uapi/linux/fs.h; Documentation/admin-guide/iostats.rst (fields of /sys/block/*/stat)
BLKROSET, BLKROGET = 0x125D, 0x125E
_WRITES, _DISCARDS = 4, 11
NEVER_WRITTEN = frozenset({"CD-ROM", "CD-R", "DVD-ROM", "DVD-R", "DVD+R", "DVD+R DL", "BD-ROM", "BD-R", "HD DVD-ROM",
                           "HD DVD-R"})                        # Linux writes to these by burning only
AUTOMOUNTERS = ("udisksd", "gvfs-udisks2-vo", "automount", "udiskie", "udevil", "usbmount", "thunar-volman")


class Kernel:
    """The questions to the kernel that need a device node; tests stand in for it."""

    def device_number(self, path: Path) -> int | None:
        """Of a block device, else None; what is not there is the opener's to say."""
        with suppress(OSError):
            fact = path.stat()
            return fact.st_rdev if stat.S_ISBLK(fact.st_mode) else None
        return None

    def claim(self, name: str) -> int:
        """A descriptor that keeps every other exclusive user away: mounts, RAID, volumes. Raises: OSError."""
        return os.open(_node(name), os.O_RDONLY | os.O_EXCL | os.O_CLOEXEC)

    def is_read_only(self, name: str) -> bool:
        """Raises: OSError."""
        return self._ask(name, BLKROGET, bytes(4)) == struct.pack("i", 1)

    def set_read_only(self, name: str) -> None:
        """Raises: OSError."""
        self._ask(name, BLKROSET, struct.pack("i", 1))

    def properties(self, name: str) -> Mapping[str, str]:
        """What udev knows of a block device."""
        try:
            return dict(pyudev.Devices.from_name(pyudev.Context(), "block", name).properties.items())
        except (pyudev.DeviceNotFoundError, OSError):
            return {}

    def automounters(self) -> tuple[str, ...]:
        """Programs that run and mount what is put in."""
        names = {process.info["name"] for process in psutil.process_iter(["name"])}
        return tuple(name for name in AUTOMOUNTERS if name in names)

    @staticmethod
    def _ask(name: str, request: int, argument: bytes) -> bytes:
        descriptor = os.open(_node(name), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            return fcntl.ioctl(descriptor, request, argument)
        finally:
            os.close(descriptor)


def _node(name: str) -> str:
    return "/dev/" + name.replace("!", "/")


class Held:
    """How a source is kept from being written. method: a name of the edition's `names`."""

    def __init__(self, method: str = "open-read-only", disk: str = "", watched: _Watched | None = None) -> None:
        self.method, self._disk, self._watched = method, disk, watched
        self.automounters = ""

    def read_back(self) -> tuple[Mapping[str, str | bool], tuple[Finding, ...]]:
        """After the pass: still read-only, still not mounted, nothing written?

        Returns: `read_only` of the verdict; the finding `carrier-written` where that does not hold.
        """
        said: dict[str, str | bool] = {"method": self.method, "read_back": False}
        if self._watched is None:
            return said, ()
        if self.automounters:
            said["automounters"] = self.automounters
        reason = self._watched.broken()
        said["read_back"] = not reason
        if not reason:
            return said, ()
        return said, (Finding("carrier-written", "", None, {"reason": reason, "device": self._disk}),)


class _Watched:
    """A disk with its partitions, and what was counted of it when it was taken."""

    def __init__(self, kernel: Kernel, machine: Machine, disk: str) -> None:
        self._kernel, self._machine, self._disk = kernel, machine, disk
        self._counts = self._counted()

    def names(self) -> list[str]:
        return [self._disk, *BlockDevices(self._machine).partitions(self._disk)]

    def use(self) -> Use:
        return BlockDevices(self._machine).uses().get(self._disk, Use())

    def _counted(self) -> tuple[str, ...]:
        """Writes and discards that the kernel has completed."""
        fields = text_of(BlockDevices(self._machine).folder(self._disk) / "stat").split()
        return tuple(fields[number] for number in (_WRITES, _DISCARDS) if number < len(fields))

    def broken(self) -> str:
        """Why it cannot be said that nothing was written: writes, mounted, not-read-only; "" = it can."""
        if self._counts != self._counted():
            return "writes"
        if self.use().any:
            return "mounted"
        try:
            return "" if all(map(self._kernel.is_read_only, self.names())) or self._is_fixed() else "not-read-only"
        except OSError:
            return "not-read-only"

    def _is_fixed(self) -> bool:
        return medium_of(self._kernel.properties(self._disk)) in NEVER_WRITTEN


@contextmanager
def hold_read_only(source: Path, kernel: Kernel | None = None, machine: Machine | None = None) -> Iterator[Held]:
    """Hold a source so that nothing can be written to it, for as long as it is read.

    Image files, folders and tapes are opened for reading only, and that is all that is said of them.
    Raises: Refused("device-system" | "device-mounted" | "device-held" | "device-busy" | "not-read-only"), CarrierError.
    """
    kernel, machine = kernel or Kernel(), machine or Machine()
    number = kernel.device_number(source)
    if number is None:
        yield Held()
        return
    blocks = BlockDevices(machine)
    disk = blocks.whole(blocks.named(number))
    if not disk:
        raise CarrierError("source-missing", source=str(source))
    _refuse_used(source, blocks.uses().get(disk, Use()))
    properties = kernel.properties(disk)
    claimed = None if properties.get("ID_CDROM") == "1" or disk.startswith("sr") else _claimed(kernel, source, disk)
    try:
        watched = _Watched(kernel, machine, disk)
        held = Held(_made_read_only(kernel, source, watched.names(), properties), disk, watched)
        if properties.get("UDISKS_IGNORE") != "1":
            held.automounters = " ".join(kernel.automounters())
        yield held
    finally:
        if claimed is not None:
            os.close(claimed)


def _refuse_used(source: Path, use: Use) -> None:
    if use.system:
        raise Refused("device-system", source=str(source))
    if use.mounts:
        raise Refused("device-mounted", source=str(source), mounted=" ".join(use.mounts))
    if use.holders:
        raise Refused("device-held", source=str(source), holders=" ".join(use.holders))


def _claimed(kernel: Kernel, source: Path, disk: str) -> int:
    """An optical drive is not claimed: udev must be able to look what is put in."""
    try:
        return kernel.claim(disk)
    except OSError as error:
        if error.errno == errno.EBUSY:
            raise Refused("device-busy", source=str(source)) from error
        raise refused(source, error) from error


def _made_read_only(kernel: Kernel, source: Path, names: list[str], properties: Mapping[str, str]) -> str:
    """Every name read-only in the kernel, read back. Returns: by what. Raises: Refused("not-read-only")."""
    ways = set()
    for name in names:
        try:
            if kernel.is_read_only(name):
                ways.add("udev-rule" if kernel.properties(name).get("STATION_READ_ONLY") == "1" else "write-protected")
                continue
            with suppress(PermissionError):
                kernel.set_read_only(name)
            if kernel.is_read_only(name):
                ways.add("blkroset")
            elif medium_of(properties) in NEVER_WRITTEN:
                ways.add("medium-cannot-be-written")
            else:
                raise Refused("not-read-only", source=str(source), device=_node(name))
        except OSError as error:
            raise refused(source, error) from error
    order = ("medium-cannot-be-written", "blkroset", "udev-rule", "write-protected")      # the weakest is named
    return next(way for way in order if way in ways)
