"""The drives and what lies in them: `list_drives()` by looking is the truth, an event only says "look again".

Takes `/sys`, udev's properties and the answers of `station.probe`, gives `Drive`s and what changed since the last look.
Relies on nothing that can hang: what may is asked by a process of its own. Folders of the configuration in which images
and packages appear are drives too.
"""
from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import pyudev

from station.block_devices import NOT_DRIVES, BlockDevices, Machine, Use, number_of, text_of
from station.probe import is_partial

SETTLE_SECONDS = 1.5        # a SATA drive's first event knows no file system; a bridge's disk comes after its fake disc
SPIN_UP_SECONDS = 60.0      # how long "becoming ready" may last before it is "cannot be read"
QUEUE_SECONDS = 30.0        # how long udev's own work is waited for
HUNG_SECONDS = 30.0         # without an answer
UNCHANGED_SECONDS = 5.0     # of a file in a folder drive (contract, "Folder drives")
TAPE = re.compile(r"nst\d+")
# what udev says lies in an optical drive, the most telling first. Source: systemd, cdrom_id
MEDIA = {"BD_RE": "BD-RE", "BD_R": "BD-R", "BD": "BD-ROM", "DVD_PLUS_RW_DL": "DVD+RW DL", "DVD_PLUS_RW": "DVD+RW",
         "DVD_PLUS_R_DL": "DVD+R DL", "DVD_PLUS_R": "DVD+R", "DVD_RAM": "DVD-RAM", "DVD_RW": "DVD-RW", "DVD_R": "DVD-R",
         "DVD": "DVD-ROM", "HDDVD_RW": "HD DVD-RW", "HDDVD_R": "HD DVD-R", "HDDVD": "HD DVD-ROM", "CD_RW": "CD-RW",
         "CD_R": "CD-R", "CD": "CD-ROM", "MRW": "MRW", "MO": "MO"}
# files beside the images that are forms and lists of them
NO_IMAGES = (".md5", ".sha1", ".sha256", ".sha512", ".sm3", ".sfv", ".txt", ".csv", ".xls", ".xlsx", ".et", ".ods",
             ".doc", ".docx", ".wps", ".xml", ".htm", ".html", ".pdf", ".json", ".log", ".ini", ".db")


@dataclass(frozen=True, slots=True)
class Part:
    """A partition, or an unpartitioned disk's file system."""

    device: str
    file_system: str
    label: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Drive:
    """A drive and what lies in it.

    drive: stable, by where it is connected. port: the same as udev has it (ID_PATH, of USB the socket, whatever is
    plugged in), for `intake_ports`; known a moment later. kind: optical, disk, tape, folder. state: empty, tray-open,
    settling (not known yet), blank, loaded, unreadable (something is in it), hung (no answer), in-use, gone.
    generation: another medium, another generation; "" = the kernel has none. offered: an intake may be started; reason:
    why not: system, mounted, held, bridge-cd.
    """

    drive: str
    device: str
    kind: str
    model: str = ""
    port: str = ""
    state: str = "empty"
    medium: str = ""
    disc_state: str = ""
    label: str = ""
    size_bytes: int = 0
    sessions: int = 0
    generation: str = ""
    partitions: tuple[Part, ...] = ()
    mounted: tuple[str, ...] = ()
    read_only: bool = False
    offered: bool = False
    reason: str = ""

    def record(self) -> dict[str, Any]:
        """As JSON has it (README, "drives")."""
        return asdict(self)


class Asked(Protocol):
    """Who asks the drives: `station.probe.Probes`."""

    answers: dict[tuple[str, str], Mapping[str, Any]]

    def ask(self, wanted: Mapping[tuple[str, str], str], now: float) -> None: ...
    def collect(self) -> bool: ...
    def owing(self, now: float) -> dict[tuple[str, str], float]: ...


@dataclass(frozen=True, slots=True)
class Device:
    """A device as the kernel and udev know it. usb: where in `/sys` its USB device lies, "" = on another bus."""

    name: str
    node: str
    folder: Path
    usb: str
    properties: Mapping[str, str]


def udev_devices() -> list[Device]:
    """Every disk, optical drive, partition and tape drive that is there now."""
    context, found = pyudev.Context(), []
    for subsystem in ("block", "scsi_tape"):
        for device in context.list_devices(subsystem=subsystem):
            if NOT_DRIVES.match(device.sys_name) or (subsystem == "scsi_tape" and not TAPE.fullmatch(device.sys_name)):
                continue
            usb = device.find_parent("usb", "usb_device")
            found.append(Device(device.sys_name, device.device_node or f"/dev/{device.sys_name}",
                                Path(device.sys_path), usb.sys_path if usb else "", dict(device.properties.items())))
    return found


@dataclass(slots=True)
class _Since:
    """When what is seen now was first seen, by the clock of the looks."""

    what: object
    at: float


@dataclass(slots=True)
class Watch:
    """Looks again and again. own: places that belong to the station. devices: the look at udev."""

    machine: Machine
    probes: Asked
    folders: tuple[str, ...] = ()
    own: tuple[Path, ...] = ()
    devices: Callable[[], list[Device]] = udev_devices
    wall_ns: Callable[[], int] = time.time_ns
    drives: dict[str, Drive] = field(default_factory=dict)
    _since: dict[str, _Since] = field(default_factory=dict)
    _finished: dict[int, str] = field(default_factory=dict)    # inodes that had a partial name

    def look(self, now: float, ask: bool = True) -> list[Drive]:
        """One look. now: monotonic seconds. ask: put the questions again, else only take in the answers.

        Returns: what changed since the look before, drives that are gone with the state "gone".
        """
        devices, blocks = self.devices(), BlockDevices(self.machine)
        whole = [device for device in devices if device.properties.get("DEVTYPE") != "partition"
                 and text_of(device.folder / "hidden") != "1"]
        if ask:
            self.probes.ask(dict(self._questions(whole)), now)
        self.probes.collect()
        uses, parts = blocks.uses(self.own), {d.name: d for d in devices}
        discs_of_bridges = _fake_discs(whole)
        found = [self._drive(device, now, blocks, parts) for device in whole]
        seen = [_judged(drive, uses.get(device.name, Use()), device.name in discs_of_bridges)
                for drive, device in zip(found, whole, strict=True)]
        seen = _told_apart(seen)
        seen += [drive for folder in self.folders for drive in self._folder(folder, now)]
        current = {drive.drive: drive for drive in sorted(seen, key=lambda d: (d.kind, d.device))}
        gone = [replace(self.drives[key], state="gone", offered=False) for key in self.drives.keys() - current.keys()]
        changed = [drive for key, drive in current.items() if self.drives.get(key) != drive]
        self.drives = current
        self._since = {key: since for key, since in self._since.items() if key.removeprefix("new ") in current}
        return [*gone, *changed]

    def unsettled(self, now: float) -> bool:
        """Whether a moment later more would be known."""
        return bool(self.probes.owing(now)) or any(d.state == "settling" for d in self.drives.values())

    def _questions(self, whole: Iterable[Device]) -> Iterator[tuple[tuple[str, str], str]]:
        for device in whole:
            kind = _kind(device)
            if kind != "disk" or text_of(device.folder / "removable") == "1" or not _is_known(device):
                yield (kind, device.node), text_of(device.folder / "diskseq")
        for folder in self.folders:
            yield ("folder", folder), ""

    def _age(self, key: str, what: object, now: float) -> float:
        """Since how many seconds this is what is seen there."""
        since = self._since.get(key)
        if since is None or since.what != what:
            since = self._since[key] = _Since(what, now)
        return now - since.at

    def _drive(self, device: Device, now: float, blocks: BlockDevices, by_name: Mapping[str, Device]) -> Drive:
        kind, folder, properties = _kind(device), device.folder, device.properties
        model = " ".join(word for word in (text_of(folder / "device" / "vendor"), text_of(folder / "device" / "model"))
                         if word not in ("", "ATA"))
        drive = Drive(port_of(folder), device.node, kind, model or properties.get("ID_MODEL", ""),
                      port=re.sub(r"(-usb-\d+:[\d.]+):.*", r"\1", properties.get("ID_PATH", "")))
        key, generation = (kind, device.node), text_of(folder / "diskseq")
        answer = self.probes.answers.get(key, {})
        if answer.get("generation", generation) != generation:
            answer = {}                                        # of the medium before
        if self.probes.owing(now).get(key, 0) >= HUNG_SECONDS:
            return replace(drive, state="hung", generation=generation)
        parts = [by_name[name] for name in blocks.partitions(device.name) if name in by_name]
        what = (generation, answer.get("status"), properties.get("ID_CDROM_MEDIA"), [part.name for part in parts])
        age, here = self._age(drive.drive, what, now), self._age(f"new {drive.drive}", device.node, now)
        if here < SETTLE_SECONDS and device.usb and kind == "optical":
            return replace(drive, state="settling")            # the disk of the same bridge comes a moment later
        device, is_stale = _current(device, generation)
        busy = (is_stale or (self.machine.run / "udev" / "queue").exists()) and age < QUEUE_SECONDS
        state = {"optical": _disc_state, "disk": _disk_state, "tape": _tape_state}[kind](
            device, parts, answer, 0.0 if busy else age)
        if state in ("empty", "tray-open"):
            return replace(drive, state=state)
        drive = replace(drive, state=state, generation=generation, size_bytes=number_of(folder / "size") * 512,
                        read_only=all(text_of(each.folder / "ro") == "1" for each in (device, *parts)))
        return replace(drive, **{"optical": _disc, "disk": _disk, "tape": _tape}[kind](device, parts, answer))

    def _folder(self, folder: str, now: float) -> Iterator[Drive]:
        """The folder, and every image and package in it as a drive of its own."""
        answer = self.probes.answers.get(("folder", folder), {})
        if self.probes.owing(now).get(("folder", folder), 0) >= HUNG_SECONDS:
            yield Drive(f"folder:{folder}", folder, "folder", state="hung")
            return
        entries = answer.get("entries", ())
        for entry in entries:
            if is_partial(entry["name"]):
                self._finished[entry["inode"]] = folder
        counted = [e for e in entries if not is_partial(e["name"]) and e["bytes"]
                   and (e["folder"] or not e["name"].lower().endswith(NO_IMAGES))]
        yield Drive(f"folder:{folder}", folder, "folder", state="loaded" if counted else "empty" if answer and
                    "error" not in answer else "unreadable" if answer else "settling")
        for entry in counted:
            key, what = f"folder:{folder}/{entry['name']}", (entry["inode"], entry["newest_ns"], entry["bytes"])
            age = self._age(key, what, now)
            old = (self.wall_ns() - entry["newest_ns"]) / 1e9
            ready = max(age, old) >= UNCHANGED_SECONDS or entry["inode"] in self._finished
            yield Drive(key, str(Path(folder, entry["name"])), "folder", state="loaded" if ready else "settling",
                        medium="package" if entry["folder"] else "image", label=entry["name"],
                        size_bytes=entry["bytes"], generation=f"{entry['inode']}:{entry['newest_ns']}",
                        read_only=False, offered=ready)
        present = {entry["inode"] for entry in entries}
        self._finished = {i: where for i, where in self._finished.items() if where != folder or i in present}


def list_drives(watch: Watch, wait: Callable[[float], None], seconds: float = 4.0) -> list[Drive]:
    """Every drive and what lies in it, once that is known; at most so many seconds. wait: for that many seconds or an
    answer."""
    begun = time.monotonic()
    watch.look(begun)
    while watch.unsettled(time.monotonic()) and time.monotonic() - begun < seconds:
        wait(0.2)
        watch.look(time.monotonic())
    return list(watch.drives.values())


# --- what lies in it -------------------------------------------------------------------------------------------------

def port_of(folder: Path) -> str:
    """Where a device is connected: its path in `/sys` without the numbers that the kernel counts up."""
    path = re.sub(r"/host\d+/", "/", str(folder).removeprefix("/sys").removeprefix("/devices/"))
    path = re.sub(r"target\d+:\d+:\d+/\d+:(\d+:\d+:\d+)/", r"\1/", path)
    return re.sub(r"/nvme/nvme\d+/nvme\d+|/(block|scsi_tape)/[^/]+$", "", path)


def _kind(device: Device) -> str:
    if TAPE.fullmatch(device.name):
        return "tape"
    return "optical" if device.properties.get("ID_CDROM") == "1" or device.name.startswith("sr") else "disk"


def file_system(properties: Mapping[str, str]) -> str:
    """As udev found it; our rules put aside the name of what others would assemble (udev-rules/)."""
    return properties.get("STATION_FS_TYPE") or properties.get("ID_FS_TYPE", "")


def _is_known(device: Device) -> bool:
    return bool(file_system(device.properties) or device.properties.get("ID_PART_TABLE_TYPE"))


def _current(device: Device, generation: str) -> tuple[Device, bool]:
    """The device without what udev remembers of the medium before, and whether there was any.

    Our rule keeps the number of the medium that udev looked at; without our rules its link by-diskseq has it.
    """
    properties = device.properties
    link = re.search(r"/by-diskseq/(\d+)", properties.get("DEVLINKS", ""))
    looked_at = properties.get("STATION_DISKSEQ") or (link[1] if link else "")
    if not generation or looked_at in ("", generation):
        return device, False
    kept = {key: value for key, value in properties.items()
            if not key.startswith(("ID_CDROM_MEDIA", "ID_FS_", "ID_PART_", "STATION_FS_"))}
    return replace(device, properties=kept), True


def _disc_state(device: Device, _: list[Device], answer: Mapping[str, Any], age: float) -> str:
    """What the drive says goes before what udev remembers of it."""
    status, properties = answer.get("status", ""), device.properties
    if status in ("empty", "tray-open"):
        return str(status)
    if status == "not-ready":
        return "settling" if age < SPIN_UP_SECONDS else "unreadable"
    if properties.get("ID_CDROM_MEDIA") != "1":                # upside down, or broken: no event at all comes of it
        return "empty" if status != "loaded" else "settling" if age < SETTLE_SECONDS else "unreadable"
    if age < SETTLE_SECONDS and not file_system(properties):
        return "settling"
    if properties.get("ID_CDROM_MEDIA_STATE") == "blank":
        return "blank"
    told = any(properties.get(f"ID_CDROM_MEDIA_{key}") for key in ("STATE", "SESSION_COUNT", "TRACK_COUNT",
                                                                   "TRACK_COUNT_DATA"))
    return "loaded" if file_system(properties) or told else "unreadable"


def _disk_state(device: Device, parts: list[Device], answer: Mapping[str, Any], age: float) -> str:
    if answer.get("status") == "empty" or not number_of(device.folder / "size"):
        return "empty"
    if _is_known(device) and all("ID_PART_ENTRY_NUMBER" in part.properties or file_system(part.properties)
                                     for part in parts):
        return "loaded"
    if age < SETTLE_SECONDS:
        return "settling"
    if answer.get("error") and answer["error"] not in ("EACCES", "EPERM"):
        return "unreadable"
    return "blank" if answer.get("zeros") and not parts and not _is_known(device) else "loaded"


def _tape_state(_: Device, __: list[Device], answer: Mapping[str, Any], age: float) -> str:
    if answer.get("error") == "EBUSY":
        return "in-use"
    if answer.get("status") == "not-ready":
        return "settling" if age < SPIN_UP_SECONDS else "unreadable"
    return str(answer.get("status") or ("settling" if age < SETTLE_SECONDS else "unreadable"))


def medium_of(properties: Mapping[str, str]) -> str:
    """The kind of disc by udev, "" = unknown or no disc."""
    return next((name for key, name in MEDIA.items() if properties.get(f"ID_CDROM_MEDIA_{key}") == "1"), "")


def _disc(device: Device, _: list[Device], __: Mapping[str, Any]) -> dict[str, Any]:
    properties = device.properties
    sessions = properties.get("ID_CDROM_MEDIA_SESSION_COUNT", "")
    return {"medium": medium_of(properties), "disc_state": properties.get("ID_CDROM_MEDIA_STATE", ""),
            "label": _label(properties), "sessions": int(sessions) if sessions.isdecimal() else 0}


def _disk(device: Device, parts: list[Device], _: Mapping[str, Any]) -> dict[str, Any]:
    found = tuple(Part(each.node, file_system(each.properties), _label(each.properties),
                       number_of(each.folder / "size") * 512)
                  for each in (parts or ([device] if file_system(device.properties) else [])))
    return {"medium": device.properties.get("ID_PART_TABLE_TYPE", ""), "partitions": found,
            "label": "、".join(part.label for part in found if part.label)}


def _tape(_: Device, __: list[Device], ___: Mapping[str, Any]) -> dict[str, Any]:
    return {"size_bytes": 0}


def _label(properties: Mapping[str, str]) -> str:
    """udev writes what is not plain as \\x20 in the encoded one, and as _ in the other."""
    encoded = properties.get("ID_FS_LABEL_ENC", "")
    if not encoded:
        return properties.get("ID_FS_LABEL", "")
    raw = re.sub(rb"\\x([0-9a-f]{2})", lambda found: bytes([int(found[1], 16)]), os.fsencode(encoded))
    return os.fsdecode(raw).rstrip()


def _fake_discs(devices: Iterable[Device]) -> set[str]:
    """Optical drives that are a part of a USB disk: the maker's own "unlocker" disc, never one that was submitted."""
    devices = list(devices)
    disks = {device.usb for device in devices if device.usb and _kind(device) == "disk"}
    return {device.name for device in devices if _kind(device) == "optical" and device.usb in disks}


def _told_apart(drives: Iterable[Drive]) -> list[Drive]:
    """No two under one name, wherever a port has two devices."""
    told: dict[str, Drive] = {}
    for drive in drives:
        key = drive.drive if drive.drive not in told else f"{drive.drive}:{Path(drive.device).name}"
        told[key] = replace(drive, drive=key)
    return list(told.values())


def _judged(drive: Drive, use: Use, is_fake: bool) -> Drive:
    reason = "system" if use.system else "mounted" if use.mounts else "held" if use.holders else \
        "bridge-cd" if is_fake else ""
    return replace(drive, mounted=use.mounts, reason=reason,
                   offered=not reason and drive.state in ("loaded", "blank", "unreadable"))
