"""What this workstation lacks, one line each with the cure; and what root can mend, mended.

Takes the configuration and the machine (other roots in tests), gives `Check`s. Nothing is written but with `mend`: the
rules of `udev-rules/` with what they start, the ports of the configuration as a rule, the group.
"""
from __future__ import annotations

import getpass
import grp
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from carriers.model import Refused
from checks.formats import named
from labels.page import text_font
from station.block_devices import BlockDevices, Machine, number_of, text_of
from station.drives import Device, udev_devices
from station.home import Home
from station.printing import Cups
from station.read_only import Kernel
from station.register import Station

SOURCES = Path(__file__).resolve().parent.parent / "udev-rules"
RULES = ("00-station.rules", "61-station-health.rules", "61-station.rules", "72-station.rules")
PORTS, HELPER, SERVICE = "00-station-ports.rules", "hold-read-only", "station-health@.service"
GROUP = "station"
TOOLS = {"smartctl": "smartmontools", "sg_raw": "sg3-utils", "lp": "cups-client", "ipptool": "cups-ipp-utils",
         "blockdev": "util-linux", "udevadm": "udev"}
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
FREE_BYTES = 10_000_000_000
_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at. state: ok, lacks, or unknown (nothing there to look at). detail: what of it."""

    id: str
    state: str
    detail: str = ""


def _run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, stdin=subprocess.DEVNULL,
                          check=False, env={**os.environ, "PATH": SYSTEM_PATH, "LC_ALL": "C.UTF-8"})


@dataclass(frozen=True, slots=True)
class Place:
    """The machine that is looked at. root: where its `/etc` and `/usr` lie."""

    root: Path = Path("/")
    machine: Machine = field(default_factory=Machine)
    devices: Callable[[], list[Device]] = udev_devices
    kernel: Kernel = field(default_factory=Kernel)
    run: Callable[[Sequence[str]], subprocess.CompletedProcess[str]] = _run

    @property
    def rules(self) -> Path:
        return self.root / "etc" / "udev" / "rules.d"

    @property
    def helper(self) -> Path:
        return self.root / "usr" / "local" / "lib" / "station" / HELPER

    @property
    def service(self) -> Path:
        return self.root / "etc" / "systemd" / "system" / SERVICE


def examine(station: Station, place: Place) -> Iterator[Check]:
    """Everything that is looked at, in the order of its weight for the carriers."""
    yield from _rules(station.config.intake_ports, place)
    yield _in_force(place)
    yield Check("ports", "ok" if station.config.intake_ports else "lacks", " ".join(station.config.intake_ports))
    yield _automounters(place)
    yield _group()
    lacking = [tool for tool in TOOLS if shutil.which(tool, path=SYSTEM_PATH) is None]
    yield Check("tools", "lacks" if lacking else "ok", " ".join(TOOLS[tool] for tool in lacking))
    yield _tried("fonts", text_font)
    yield _tried("libmagic", lambda: named(b"%PDF-1.4"))
    yield _printers(station)
    yield _clock(place)
    yield _home(station.home)
    yield Check("python", "ok" if sys.version_info >= (3, 11) else "lacks", sys.version.split()[0])


def mend(station: Station, place: Place) -> None:
    """Install rules, helper and group, and put them in force for what is plugged in already.

    Raises: Refused("rules-denied").
    """
    try:
        for path, content in _wanted(station.config.intake_ports, place).items():
            path.parent.mkdir(parents=True, exist_ok=True)
            _install(path, content, 0o755 if path == place.helper else 0o644)
        if not station.config.intake_ports:
            (place.rules / PORTS).unlink(missing_ok=True)
    except OSError as error:
        raise Refused("rules-denied", path=error.filename or str(place.rules), reason=error.strerror or "") from error
    for command in (("groupadd", "--system", "--force", GROUP), ("systemctl", "daemon-reload"),
                    ("udevadm", "control", "--reload"),
                    ("udevadm", "trigger", "--action=change", "--subsystem-match=block",
                     "--subsystem-match=scsi_tape", "--subsystem-match=scsi_generic", "--subsystem-match=usb"),
                    ("udevadm", "settle", "--timeout=10")):
        try:
            place.run(command)                                 # whether it helped is looked at afterwards
        except FileNotFoundError:                              # no systemd; what else lacks stands under tools
            continue
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Refused("rules-denied", path=command[0], reason=str(error)) from error


def _install(path: Path, content: bytes, mode: int) -> None:
    """Whole or not at all: a torn rule would let a disk through."""
    new = path.with_name(path.name + ".new")
    new.write_bytes(content)
    new.chmod(mode)
    new.replace(path)


def _wanted(ports: Sequence[str], place: Place) -> dict[Path, bytes]:
    """What must be installed, by where: the rules, what they start, and the ports of the configuration."""
    wanted = {place.rules / name: (SOURCES / name).read_bytes() for name in RULES}
    wanted |= {path: (SOURCES / path.name).read_bytes() for path in (place.helper, place.service)}
    if ports:
        wanted[place.rules / PORTS] = ports_rule(ports).encode()
    return wanted


def ports_rule(ports: Sequence[str]) -> str:
    """The rule that tells the intake ports. ports: as udev's ID_PATH, with everything that hangs on them.

    Raises: Refused("config-bad-value") for what is no port.
    """
    lines = ["# Written by `station doctor --fix` from intake_ports of the configuration.",
             'SUBSYSTEM!="block|usb|scsi_tape|scsi_generic", GOTO="station_ports_end"', 'ENV{STATION_PORTS}="1"',
             'IMPORT{builtin}="path_id"']
    for port in ports:
        if not port or not all(c.isascii() and (c.isalnum() or c in "-:._+@") for c in port):
            raise Refused("config-bad-value", path="intake_ports", key="intake_ports", value=port)
        below = "|".join(f"{port}{mark}*" for mark in (":", ".", "-"))
        lines.append(f'ENV{{ID_PATH}}=="{port}|{below}", ENV{{STATION_INTAKE}}="1"')
    return "\n".join([*lines, 'LABEL="station_ports_end"', ""])


def _rules(ports: Sequence[str], place: Place) -> Iterator[Check]:
    wanted = _wanted(ports, place)
    differ = [path for path, content in wanted.items() if not path.is_file() or path.read_bytes() != content]
    if not ports and (place.rules / PORTS).exists():
        differ.append(place.rules / PORTS)
    yield Check("rules", "lacks" if differ else "ok", " ".join(map(str, differ)))


def _in_force(place: Place) -> Check:
    """Whether what is plugged in now is read-only, as the rules would have it."""
    blocks = BlockDevices(place.machine)
    uses = blocks.uses()
    taken = [device for device in place.devices() if device.properties.get("STATION_INTAKE") == "1"
             and device.name in blocks.names and blocks.whole(device.name) not in uses
             and number_of(device.folder / "size")
             and device.properties.get("ID_CDROM", "") == device.properties.get("ID_CDROM_MEDIA", "")]
    loose = [device.node for device in taken if text_of(device.folder / "ro") != "1"
             or device.properties.get("STATION_READ_ONLY") != "1"]
    if loose:
        return Check("in-force", "lacks", " ".join(loose))
    return Check("in-force", "ok" if taken else "unknown", " ".join(device.node for device in taken))


def _automounters(place: Place) -> Check:
    """They may run where the rules hold them off every device that carriers are put into."""
    running = place.kernel.automounters()
    held = all(device.properties.get("UDISKS_IGNORE") == "1" for device in place.devices()
               if device.properties.get("STATION_INTAKE") == "1")
    installed = all((place.rules / name).is_file() for name in RULES)
    return Check("automounters", "lacks" if running and not (installed and held) else "ok", " ".join(running))


def _group() -> Check:
    try:
        group = grp.getgrnam(GROUP)
    except KeyError:
        return Check("group", "lacks", GROUP)
    if os.geteuid() == 0 or group.gr_gid in (os.getegid(), *os.getgroups()):
        return Check("group", "ok", GROUP)
    return Check("member", "lacks", getpass.getuser())


def _tried(name: str, attempt: Callable[[], object]) -> Check:
    try:
        attempt()
    except (Refused, ImportError, OSError):
        return Check(name, "lacks")
    return Check(name, "ok")


def _printers(station: Station) -> Check:
    queues = [name for name in (station.config.paper_queue, station.config.label_queue) if name]
    if not queues:
        return Check("printers", "unknown")
    try:
        known = {queue.name for queue in Cups(station.config.print_server).queues()}
    except Refused:
        known = set()
    missing = [name for name in queues if name not in known]
    return Check("printers", "lacks" if missing else "ok", " ".join(missing or queues))


def _clock(place: Place) -> Check:
    """Whether the clock is set by another one."""
    for command, good in ((("timedatectl", "show", "--property=NTPSynchronized", "--value"), "yes"),
                          (("chronyc", "-n", "tracking"), "Leap status     : Normal")):
        try:
            if good in place.run(command).stdout:
                return Check("clock", "ok", command[0])
        except (OSError, subprocess.TimeoutExpired):
            continue
    return Check("clock", "lacks")


def _home(home: Home) -> Check:
    folder = next((each for each in (home.root, *home.root.parents) if each.is_dir()), home.root)
    if not os.access(folder, os.W_OK):
        return Check("home", "lacks", str(folder))
    free = psutil.disk_usage(str(folder)).free
    return Check("home" if free >= FREE_BYTES else "space", "ok" if free >= FREE_BYTES else "lacks",
                 f"{folder} {free / 1e9:.1f} GB")
