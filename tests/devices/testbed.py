"""Emulated udev devices: what pyudev, `/sys` and the events of a process show comes from here.

Takes libumockdev (Debian: umockdev) by ctypes; the process must have been started by `umockdev-wrapper`, and so its
children see the same devices. A device node of a drive answers no ioctl.
"""
from __future__ import annotations

import ctypes
from collections.abc import Mapping
from pathlib import Path

DISC = ("ID_CDROM_MEDIA", "ID_CDROM_MEDIA_CD", "ID_CDROM_MEDIA_CD_R", "ID_CDROM_MEDIA_DVD_PLUS_R",
        "ID_CDROM_MEDIA_BD_R", "ID_CDROM_MEDIA_STATE", "ID_CDROM_MEDIA_SESSION_COUNT",
        "ID_CDROM_MEDIA_TRACK_COUNT_DATA", "ID_FS_TYPE", "ID_FS_LABEL", "ID_FS_LABEL_ENC")


class Testbed:
    """Adds, changes and removes devices; says so by events, or does not."""

    __test__ = False

    def __init__(self) -> None:
        lib = self._lib = ctypes.CDLL("libumockdev.so.0")
        lib.umockdev_testbed_new.restype = ctypes.c_void_p
        lib.umockdev_testbed_add_devicev.restype = ctypes.c_void_p
        lib.umockdev_testbed_add_devicev.argtypes = [ctypes.c_void_p, *[ctypes.c_char_p] * 3, *[ctypes.c_void_p] * 2]
        lib.umockdev_testbed_get_root_dir.restype = ctypes.c_char_p
        lib.umockdev_testbed_get_root_dir.argtypes = [ctypes.c_void_p]
        for name, strings in (("uevent", 2), ("remove_device", 1), ("set_attribute", 3), ("set_property", 3)):
            function = getattr(lib, f"umockdev_testbed_{name}")
            function.argtypes, function.restype = [ctypes.c_void_p, *[ctypes.c_char_p] * strings], None
        self._bed = lib.umockdev_testbed_new()
        self.root = Path(lib.umockdev_testbed_get_root_dir(self._bed).decode())
        self.diskseq = 0

    def _tell(self, function: str, *strings: str) -> None:
        getattr(self._lib, f"umockdev_testbed_{function}")(self._bed, *(text.encode() for text in strings))

    def add(self, subsystem: str, name: str, parent: str | None, attributes: Mapping[str, object],
            properties: Mapping[str, object]) -> str:
        """A new device with its event. Returns its path in `/sys`."""
        def strings(of: Mapping[str, object]) -> ctypes.c_void_p:
            flat = [str(text).encode() for pair in of.items() for text in pair]
            return ctypes.cast((ctypes.c_char_p * (len(flat) + 1))(*flat, None), ctypes.c_void_p)
        made = self._lib.umockdev_testbed_add_devicev(
            self._bed, subsystem.encode(), name.encode(), parent.encode() if parent else None,
            strings(attributes), strings(properties))
        return str(ctypes.cast(made, ctypes.c_char_p).value.decode())  # type: ignore[union-attr]

    def event(self, path: str, action: str = "change") -> None:
        self._tell("uevent", path, action)

    def remove(self, path: str) -> None:
        """With its event."""
        self.event(path, "remove")
        self._tell("remove_device", path)
        (self.root / "sys" / "block" / Path(path).name).unlink(missing_ok=True)      # which libumockdev leaves

    def properties(self, path: str, properties: Mapping[str, object]) -> None:
        """Set properties, without an event; "" takes one away."""
        for key, value in properties.items():
            self._tell("set_property", path, key, str(value))

    def attribute(self, path: str, name: str, value: object) -> None:
        self._tell("set_attribute", path, name, str(value))

    def new_medium(self, path: str) -> None:
        """The kernel counts every change of a medium."""
        self.diskseq += 1
        self.attribute(path, "diskseq", self.diskseq)

    # --- drives ----------------------------------------------------------------------------------------------------

    def optical(self, name: str, port: str, usb: str | None = None) -> str:
        path = self.add("block", name, usb, {"removable": 1, "size": 0, "ro": 1, "dev": f"11:{name[2:]}"}, {
            "DEVNAME": f"/dev/{name}", "DEVTYPE": "disk", "ID_CDROM": 1, "ID_MODEL": "MADE_DVD", "ID_PATH": port})
        self.new_medium(path)
        return path

    def disc(self, path: str, properties: Mapping[str, object]) -> None:
        """What udev knows of the disc in a drive from now on; {} = nothing."""
        self.properties(path, {**dict.fromkeys(DISC, ""), **properties, "STATION_DISKSEQ": self.diskseq})

    def usb(self, name: str) -> str:
        return self.add("usb", name, None, {}, {"DEVTYPE": "usb_device"})

    def disk(self, name: str, port: str, labels: Mapping[str, str], usb: str | None = None) -> list[str]:
        """A disk with a partition for each file system (kind → label). Returns the paths of disk and partitions."""
        number = (ord(name[2]) - ord("a")) * 16
        common = {"ID_BUS": "usb", "ID_PATH": port}
        self.diskseq += 1
        paths = [self.add("block", name, usb, {"removable": 0, "size": 2048, "ro": 1, "diskseq": self.diskseq,
                                               "dev": f"8:{number}"},
                          {**common, "DEVNAME": f"/dev/{name}", "DEVTYPE": "disk", "ID_PART_TABLE_TYPE": "gpt"})]
        for n, (kind, label) in enumerate(labels.items(), 1):
            paths.append(self.add("block", f"{name}{n}", paths[0], {"partition": n, "size": 1024, "ro": 1,
                                                                    "dev": f"8:{number + n}"}, {
                **common, "DEVNAME": f"/dev/{name}{n}", "DEVTYPE": "partition", "ID_PART_ENTRY_NUMBER": n,
                "ID_FS_TYPE": kind, "ID_FS_LABEL": label}))
        return paths

    def tape(self, name: str, port: str) -> str:
        return self.add("scsi_tape", name, None, {"dev": f"9:{128 + int(name[3:])}"},
                        {"DEVNAME": f"/dev/{name}", "ID_PATH": port})
