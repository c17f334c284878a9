"""A machine of plain files: `/sys` with disks and partitions, `/proc` with mounts, and a kernel that answers for them.

Gives `Machine`s for `BlockDevices`, `Watch` and `hold_read_only`. Attributes are named as in sysfs.
"""
from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from station.block_devices import Machine

STAT = "10 0 80 5 {writes} 0 0 0 0 5 5 0 0 0 0 0 0"


class MadeMachine:
    """Disks are added and taken away; `machine` is what the code under test is given."""

    def __init__(self, folder: Path) -> None:
        self.machine = Machine(folder / "sys", folder / "proc", folder / "run")
        for path in (self.classes, folder / "proc" / "self", folder / "run" / "udev"):
            path.mkdir(parents=True)
        self.mounts([])
        self.numbers: dict[str, int] = {}

    @property
    def classes(self) -> Path:
        return self.machine.sys / "class" / "block"

    def disk(self, name: str, parts: Iterable[str] = (), **attributes: object) -> Path:
        """A whole disk with partitions, each of which has a device number of its own."""
        folder = self.machine.sys / "devices" / f"port-{name}" / "block" / name
        self._node(folder, {"size": 2048, "ro": 0, "removable": 0, "diskseq": 1, "stat": STAT.format(writes=0),
                            **attributes})
        for number, part in enumerate(parts, 1):
            self._node(folder / part, {"size": 1024, "ro": 0, "partition": number})
        return folder

    def on_top(self, name: str, below: str) -> None:
        """A mapped device (LVM, RAID, decryption) made on another."""
        self._node(self.machine.sys / "devices" / "virtual" / "block" / name, {"size": 1024})
        (self.classes / name / "slaves" / below).mkdir()
        (self.classes / below / "holders" / name).mkdir()

    def mounts(self, lines: Iterable[tuple[str, str, str]]) -> None:
        """(device number, mount point, source) of each mount."""
        (self.machine.proc / "self" / "mountinfo").write_text("".join(
            f"{40 + n} 1 {number} / {where} ro,relatime shared:1 - ext4 {source} ro\n"
            for n, (number, where, source) in enumerate(lines)))

    def number(self, name: str) -> str:
        return f"8:{self.numbers[name]}"

    def set(self, name: str, attribute: str, value: object) -> None:
        (self.classes / name / attribute).write_text(f"{value}\n")

    def _node(self, folder: Path, attributes: Mapping[str, object]) -> None:
        self.numbers.setdefault(folder.name, len(self.numbers))
        for kind in ("holders", "slaves"):
            (folder / kind).mkdir(parents=True)
        for attribute, value in {"dev": self.number(folder.name), **attributes}.items():
            (folder / attribute).write_text(f"{value}\n")
        (self.classes / folder.name).symlink_to(folder)


class MadeKernel:
    """Stands in for `station.read_only.Kernel`. source: what every path is; may: whether BLKROSET is allowed."""

    def __init__(self, made: MadeMachine, source: str, *, may: bool = True, busy: bool = False,
                 properties: Mapping[str, Mapping[str, str]] | None = None) -> None:
        self._made, self._source, self._may, self._busy = made, source, may, busy
        self._properties = properties or {}
        self.running: tuple[str, ...] = ()

    def device_number(self, path: Path) -> int | None:
        return os.makedev(8, self._made.numbers[self._source])

    def claim(self, name: str) -> int:
        if self._busy:
            raise OSError(errno.EBUSY, "")
        return os.open(os.devnull, os.O_RDONLY)

    def is_read_only(self, name: str) -> bool:
        return (self._made.classes / name / "ro").read_text().strip() == "1"

    def set_read_only(self, name: str) -> None:
        if not self._may:
            raise PermissionError(errno.EACCES, "")
        self._made.set(name, "ro", 1)

    def properties(self, name: str) -> Mapping[str, str]:
        return self._properties.get(name, {})

    def automounters(self) -> tuple[str, ...]:
        return self.running
