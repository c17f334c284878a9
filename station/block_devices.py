"""What the kernel says of block devices without asking the devices: parts, owners, mounts. Nothing in here can hang.

Takes `/sys` and `/proc` (other roots in tests), gives `BlockDevices`; opens no device.
"""
from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

NOT_DRIVES = re.compile(r"(loop|ram|zram|dm-|md|nbd|rbd|drbd|fd|pmem|mtdblock)\d|mmcblk\d+(boot|rpmb)")
_FOR_CARRIERS = ("/media/", "/run/media/", "/mnt")     # where people and automounters mount what was put in


@dataclass(frozen=True, slots=True)
class Machine:
    """Where the kernel's answers lie."""

    sys: Path = Path("/sys")
    proc: Path = Path("/proc")
    run: Path = Path("/run")


@dataclass(frozen=True, slots=True)
class Use:
    """What a whole disk is in use for. system: the station itself runs on it. mounts: of it and its partitions.

    holders: devices that the kernel made on it (LVM, RAID, decryption). swap: it holds swap.
    """

    system: bool = False
    mounts: tuple[str, ...] = ()
    holders: tuple[str, ...] = ()
    swap: bool = False

    @property
    def any(self) -> bool:
        return bool(self.system or self.mounts or self.holders or self.swap)


def text_of(path: Path) -> str:
    """What a file of sysfs says, "" where it does not (a device may vanish between two looks)."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def number_of(path: Path) -> int:
    """The number in a file of sysfs, 0 where there is none."""
    text = text_of(path)
    return int(text) if text.isdecimal() else 0


class BlockDevices:
    """The block devices of this moment, by kernel name ("sdb", "sdb1")."""

    def __init__(self, machine: Machine) -> None:
        self._sys, self._proc = machine.sys, machine.proc
        folder = machine.sys / "class" / "block"
        self.names = frozenset(_listed(folder))
        self._by_number = {text_of(folder / name / "dev"): name for name in self.names}
        numbers = {name: number_of(folder / name / "partition") for name in self.names if not NOT_DRIVES.match(name)}
        self._disk_of = {name: (folder / name).resolve().parent.name for name in numbers if numbers[name]}
        self._parts: dict[str, list[str]] = {}
        for name in sorted(self._disk_of, key=lambda name: numbers[name]):
            self._parts.setdefault(self._disk_of[name], []).append(name)

    def folder(self, name: str) -> Path:
        return self._sys / "class" / "block" / name

    def named(self, device_number: int) -> str:
        """The name of a device number (`st_rdev`), "" = no block device that is there."""
        return self._by_number.get(f"{os.major(device_number)}:{os.minor(device_number)}", "")

    def whole(self, name: str) -> str:
        """The whole disk that a partition belongs to; a whole disk is its own."""
        return self._disk_of.get(name, name)

    def partitions(self, disk: str) -> list[str]:
        """In the order of their numbers."""
        return self._parts.get(disk, [])

    def holders(self, disk: str) -> tuple[str, ...]:
        """Devices made on a disk or on its partitions."""
        parts = [disk, *self.partitions(disk)]
        return tuple(sorted({name for part in parts for name in _listed(self.folder(part) / "holders")}))

    def uses(self, own: Iterable[Path] = ()) -> Mapping[str, Use]:
        """whole disk → its use, for the disks that are in use. own: places that belong to the station (its home)."""
        mounts, system, swap = dict[str, list[str]](), set[str](), set[str]()
        for names, mounted_at in self._mounts():
            for disk in {disk for name in names for disk in self._below(name)}:
                mounts.setdefault(disk, []).append(mounted_at)
                if not mounted_at.startswith(_FOR_CARRIERS):
                    system.add(disk)
        for line in text_of(self._proc / "swaps").splitlines()[1:]:
            swap |= set(self._below(self._of_path(_unescaped(line.split()[0]))))
        for path in own:
            system |= set(self._below(self._by_number.get(_device_of(path), "")))
        disks = {self.whole(name) for name in self.names if not NOT_DRIVES.match(name)}
        holders = {disk: self.holders(disk) for disk in disks}
        uses = {disk: Use(disk in system or disk in swap, tuple(mounts.get(disk, ())), holders[disk], disk in swap)
                for disk in disks}
        return {disk: use for disk, use in uses.items() if use.any}

    def _mounts(self) -> Iterator[tuple[set[str], str]]:
        """Device names and mount point of each mount. Source: proc(5), /proc/PID/mountinfo."""
        pools = [set(_listed(pool / "devices")) for pool in _paths(self._sys / "fs" / "btrfs")]
        for line in text_of(self._proc / "self" / "mountinfo").splitlines():
            fields, _, after = line.partition(" - ")
            columns, of_file_system = fields.split(" "), after.split(" ")
            if len(columns) < 5 or len(of_file_system) < 2:
                continue
            names = {self._by_number.get(columns[2], ""), self._of_path(_unescaped(of_file_system[1]))} - {""}
            names |= {name for pool in pools if pool & names for name in pool}      # one source of many is named
            if names:
                yield names, _unescaped(columns[4])

    def _of_path(self, path: str) -> str:
        name = Path(path).resolve().name if path.startswith("/dev/") else ""
        return name if name in self.names else ""

    def _below(self, name: str) -> Iterator[str]:
        """The whole disks that a device is made of: partitions belong to disks, mapped devices to others."""
        if name not in self.names:
            return
        disk = self.whole(name)
        yield disk
        for part in {name, disk}:
            for below in _listed(self.folder(part) / "slaves"):
                yield from self._below(below)


def _device_of(path: Path) -> str:
    for each in (path, *path.parents):                         # a home that is still to be made
        try:
            number = each.stat().st_dev
        except OSError:
            continue
        return f"{os.major(number)}:{os.minor(number)}"
    return ""


def _listed(folder: Path) -> list[str]:
    try:
        return sorted(path.name for path in folder.iterdir())
    except OSError:
        return []


def _paths(folder: Path) -> list[Path]:
    return [folder / name for name in _listed(folder)]


def _unescaped(text: str) -> str:
    """mountinfo writes blanks and the like as \\040."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), text)
