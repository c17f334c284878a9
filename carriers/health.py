"""What a drive says of the carrier in it: disc information, the disk's identity, SMART.

Takes the path of a source; gives a `Health`. Relies on `mmc` and `smart` for the protocols and on sysfs for what the
kernel knows already. Of anything but a block device there is nothing to ask. What could not be learnt is said with its
reason; it is not checked, and nothing more.
"""
from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from carriers.mmc import Disc, Silent, look_at_disc, text_of
from carriers.model import Finding
from carriers.smart import Smart, parse_smartctl
from carriers.tools import OUTPUT_BYTES, Run, run_tool

DRIVE_KEYS = ("vendor", "model", "firmware", "serial", "bus", "bridge")
NO_DRIVE: Mapping[str, str] = MappingProxyType(dict.fromkeys(DRIVE_KEYS, ""))
_OPTICAL = "5"                                    # SPC-4, peripheral device type: CD/DVD device
_WAIT_SECONDS, _WAIT_TIMES = 0.5, 20              # for a snapshot: the disk may still be starting up


@dataclass(frozen=True, slots=True)
class Witnesses:
    """Where the machine says what it knows. numbers: of the block device behind a path, "" where it is none.
    may_pass_through: whether this process may send what the kernel does not know to change nothing (ATA, NVMe).
    """

    sys: Path = Path("/sys")
    snapshots: Path = Path("/run/station/health")          # udev-rules/station-health@.service
    run: Run = run_tool
    numbers: Callable[[Path], str] = lambda path: _numbers(path)
    may_pass_through: Callable[[], bool] = lambda: os.geteuid() == 0
    wait: Callable[[float], None] = time.sleep


@dataclass(frozen=True, slots=True)
class Health:
    """drive: of `DRIVE_KEYS`. serial: the carrier's own or "". serial_is_of: whose serial could be read: carrier,
    bridge, "" = none. Of discs: medium, disc_state (blank, appendable, complete, other), sessions (0 = not said),
    media_id.

    hours: that a disk has been powered, -1 = not said. checked: whether its health is known. unlearnt: why the health
    of a disk, or the information of a disc, is not: of `[findings.check-not-run.by.health-…]`, "" = it is, or nothing
    was asked.
    """

    drive: Mapping[str, str] = field(default_factory=lambda: dict(NO_DRIVE))
    optical: bool = False
    medium: str = ""
    serial: str = ""
    serial_is_of: str = ""
    sessions: int = 0
    disc_state: str = ""
    media_id: str = ""
    hours: int = -1
    unlearnt: str = ""
    findings: tuple[Finding, ...] = ()

    @property
    def asked(self) -> bool:
        """Whether there was a drive to ask."""
        return bool(self.drive["bus"])

    @property
    def checked(self) -> bool:
        """Whether all was learnt that is asked of a drive like this."""
        return self.asked and not self.unlearnt


def look(path: Path, machine: Witnesses | None = None) -> Health:
    """Ask the drive behind a path; an empty `Health` where there is none (an image file, a folder, a tape)."""
    machine = machine or Witnesses()
    numbers = machine.numbers(path)
    disk = _whole_disk((machine.sys / "dev/block" / numbers).resolve())
    if not numbers or not (disk / "device").exists():              # a loop device is a file, with nobody behind it
        return Health()
    return _of_disc(path, disk, machine) if _read(disk / "device/type") == _OPTICAL else _of_disk(disk, machine)


def _numbers(path: Path) -> str:
    """MAJOR:MINOR of a block device."""
    try:
        status = path.stat()
    except OSError:                               # gone meanwhile: whoever reads it says so
        return ""
    return f"{os.major(status.st_rdev)}:{os.minor(status.st_rdev)}" if stat.S_ISBLK(status.st_mode) else ""


def _whole_disk(place: Path) -> Path:
    """The disk that a block device is, or is a partition of; a partition's folder lies in its disk's."""
    return place.parent if (place / "partition").exists() else place


def _read(place: Path) -> str:
    """An attribute of sysfs, "" where there is none or the device is gone."""
    try:
        return text_of(place.read_bytes())
    except OSError:
        return ""


def _known(disk: Path) -> dict[str, str]:
    """What the kernel knows of a drive, in the keys of the verdict."""
    device = disk / "device"
    bus = bus_of(disk)
    usb = _usb(disk) if bus == "usb" else None
    vendor = _read(device / "vendor")
    return {"vendor": "" if vendor == "ATA" else vendor, "model": _read(device / "model") or _read(device / "name"),
            "firmware": _read(device / "rev") or _read(device / "firmware_rev"), "serial": _serial(disk, usb),
            "bus": bus, "bridge": "" if usb is None else " ".join(filter(None, (
                f"{_read(usb / 'idVendor')}:{_read(usb / 'idProduct')}", _read(usb / "manufacturer"),
                _read(usb / "product"))))}


def bus_of(disk: Path) -> str:
    """usb, ata, nvme, mmc, virtio, scsi: how a disk hangs on the machine, by its place among the devices."""
    names = [part.rstrip("0123456789:.-") for part in (disk / "device").resolve().parts]
    of_scsi = (disk / "device/type").exists()           # also through a virtual adapter
    return next((bus for bus in ("usb", "ata", "nvme", "mmc", "virtio")
                 if bus in names and not (of_scsi and bus == "virtio")), "scsi")


def _usb(disk: Path) -> Path | None:
    """The USB device that a disk hangs on."""
    return next((place for place in (disk / "device").resolve().parents if (place / "idVendor").exists()), None)


def _serial(disk: Path, usb: Path | None) -> str:
    """The serial number that the drive gives without being asked for more: NVMe, SCSI page 80h, USB's own."""
    try:
        page = (disk / "device/vpd_pg80").read_bytes()
    except OSError:
        page = b""
    return _read(disk / "device/serial") or text_of(page[4:]) or (_read(usb / "serial") if usb else "")


# --- discs -------------------------------------------------------------------------------------------------------

def _of_disc(path: Path, disk: Path, machine: Witnesses) -> Health:
    known = _known(disk)
    disc = look_at_disc(str(path), machine.run)
    if isinstance(disc, Silent):
        return Health(known, optical=True, unlearnt=disc.reason)
    known["serial"] = disc.drive_serial or known["serial"]
    return Health(known, True, disc.medium, sessions=disc.sessions, disc_state=disc.state, media_id=disc.media_id,
                  unlearnt="" if disc.state else "not-given", findings=tuple(_findings(disc)))


def _findings(disc: Disc) -> list[Finding]:
    found = []
    if disc.rewritable:
        found.append(Finding("medium-rewritable", facts={"medium": disc.medium}))
    if disc.damaged:
        found.append(Finding("session-open", facts={"reason": "damaged", "medium": disc.medium}))
    elif disc.appendable:
        found.append(Finding("session-open", facts={"reason": "begun" if disc.open_session else "appendable",
                                                    "medium": disc.medium}))
    return found


def unseen_sessions(health: Health, sessions: int) -> tuple[Finding, ...]:
    """`session-unseen` where the drive knows of more sessions than the structure of the disc has shown."""
    if health.sessions <= sessions:
        return ()
    return (Finding("session-unseen", facts={"drive": health.sessions, "seen": sessions}),)


# --- disks -------------------------------------------------------------------------------------------------------

def _of_disk(disk: Path, machine: Witnesses) -> Health:
    """Model and serial are the disk's own where they came through the bridge by ATA or NVMe, or there is no bridge."""
    known = _known(disk)
    smart = _smart(disk, machine)
    if smart.model and (smart.own or known["bus"] != "usb"):
        known |= {"vendor": "" if smart.own else known["vendor"], "model": smart.model,
                  "firmware": smart.firmware or known["firmware"]}
    own = smart.own or known["bus"] != "usb"
    serial = (smart.serial if own else "") or ("" if known["bus"] == "usb" else known["serial"])
    if len(set(serial)) < 2:                            # zeros that a maker never filled in: many disks have them
        serial = ""
    findings = list(smart.findings)
    if serial:
        known["serial"] = serial
    elif known["bus"] == "usb" and known["serial"]:
        findings.append(Finding("serial-is-of-bridge", facts={"serial": known["serial"], "bridge": known["bridge"]}))
    of = "carrier" if serial else "bridge" if known["bus"] == "usb" and known["serial"] else ""
    return Health(known, serial=serial, serial_is_of=of, hours=smart.hours, unlearnt=smart.reason,
                  findings=tuple(findings))


def _smart(disk: Path, machine: Witnesses) -> Smart:
    """What was read with rights when the disk was plugged in; else what smartctl says now.

    A snapshot that is not there yet is waited for only where nothing better can be had.
    """
    snapshot, allowed = machine.snapshots / f"{_read(disk / 'diskseq')}.json", machine.may_pass_through()
    smart = _snapshot(snapshot)
    for _ in range(_WAIT_TIMES if machine.snapshots.is_dir() and not allowed else 0):
        if smart.reason != "no-answer":
            break
        machine.wait(_WAIT_SECONDS)
        smart = _snapshot(snapshot)
    if smart.reason != "no-answer":
        return smart
    answer = machine.run(("smartctl", "--json=c", "-a", f"/dev/{disk.name}"))
    if answer.reason:
        return Smart(answer.reason)
    smart = parse_smartctl(answer.output)
    if smart.reason in ("no-smart", "no-answer") and not allowed:
        return smart._replace(reason="no-right")        # smartctl takes a refusal for a disk that has no SMART
    return smart


def _snapshot(place: Path) -> Smart:
    """What the service of udev-rules/ wrote; no answer where it is not there, or not whole yet."""
    try:
        with place.open("rb") as file:
            return parse_smartctl(file.read(OUTPUT_BYTES))
    except OSError:
        return Smart("no-answer")
