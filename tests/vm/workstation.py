"""A virtual workstation: a real kernel with four optical drives, and disks that are plugged in while it runs.

Takes the disks of `building`; gives what an operator and bad luck do to a workstation: insert, eject, tear out, plug,
pull, damage, slow down, hang. Commands run in it through QEMU's guest agent. Emulated in software; nothing here assumes
how long a thing takes: what is waited for is asked for, until a deadline that a loaded machine keeps too.
"""
from __future__ import annotations

import base64
import errno
import itertools
import json
import os
import shlex
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.vm.building import Disks
from tests.vm.debian import NoGuest

DRIVES = ("sata0", "sata1", "scsi", "usb")      # optical; which /dev/srN each is differs from boot to boot
SATA_DISK_SERIAL = "SATAHDD01"
BOOT_SECONDS, ANSWER_SECONDS, PATIENCE = 300.0, 120.0, 300.0
ENVIRONMENT = ("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LANG=C.UTF-8",
               "PYTHONPATH=/project:/libraries", "PYTHONSAFEPATH=1", "PYTHONDONTWRITEBYTECODE=1", "STATION_LANG=en")


class GuestFailed(Exception):
    """The virtual workstation did not do what it was told."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of a command in the guest. code: negative for a signal, as subprocess has it."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class Faults:
    """How a medium is worse than its image. bad: sectors of 512 bytes whose reading fails.

    error: what QEMU is told; ENODATA reaches the guest as MEDIUM ERROR, EIO as ABORTED COMMAND. The SATA drives make
    ILLEGAL REQUEST of either. bytes_s: how fast it is read at best, 0 = as fast as can be.
    """

    bad: tuple[int, ...] = ()
    error: int = errno.ENODATA
    bytes_s: int = 0


SOUND = Faults()


@dataclass(frozen=True, slots=True)
class Medium:
    """Something that lies in a drive or is plugged in.

    device: in the guest. drive, nodes: QEMU's names of what reads it, and of what it is made of, the uppermost first.
    """

    device: str
    drive: str
    nodes: tuple[str, ...]


class Talk:
    """Lines of JSON over a UNIX socket, as QEMU's monitor and its guest agent speak them."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._rest = b""
        self.events: list[dict[str, Any]] = []
        until(lambda: self._connects(path), f"QEMU opens {path.name}", ANSWER_SECONDS)

    def _connects(self, path: Path) -> bool:
        try:
            self._socket.connect(str(path))
        except OSError:
            return False
        return True

    def ask(self, command: str, arguments: Mapping[str, Any] | None = None) -> Any:
        """The answer to a command. Raises: GuestFailed."""
        self._socket.sendall(json.dumps({"execute": command, "arguments": arguments or {}}).encode() + b"\n")
        while True:
            said = self.hear(ANSWER_SECONDS)
            if "error" in said:
                raise GuestFailed(f"{command}: {said['error']['desc']}")
            if "return" in said:
                return said["return"]
            self.events.append(said)

    def hear(self, seconds: float) -> dict[str, Any]:
        """The next line. Raises: GuestFailed where none comes, or the socket is closed."""
        self._socket.settimeout(seconds)
        while b"\n" not in self._rest:
            try:
                piece = self._socket.recv(1 << 16)
            except OSError as error:                            # a deadline too is one
                raise GuestFailed(f"No answer within {seconds:.0f} s: {error}.") from None
            if not piece:
                raise GuestFailed("QEMU has closed the socket.")
            self._rest += piece
        line, self._rest = self._rest.split(b"\n", 1)
        said: dict[str, Any] = json.loads(line.lstrip(b"\xff"))
        return said

    def event(self, name: str, device: str) -> None:
        """Wait for an event of a device. Raises: GuestFailed."""
        end = time.monotonic() + PATIENCE
        while not any(e.get("event") == name and e["data"].get("device") == device for e in self.events):
            self.events.append(self.hear(max(0.1, end - time.monotonic())))

    def close(self) -> None:
        self._socket.close()


def until(holds: Callable[[], bool], what: str, seconds: float = PATIENCE) -> None:
    """Ask again and again. Raises: GuestFailed where it does not come to hold in time."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise GuestFailed(f"Not within {seconds:.0f} s: {what}.")
        time.sleep(0.1)


@contextmanager
def booted(disks: Disks, folder: Path, sata_disk: Path) -> Iterator[Workstation]:
    """A workstation for as long as the block lasts. folder: for its sockets and console. sata_disk: what its one fixed
    disk holds; what is written there is thrown away. Raises: NoGuest."""
    if shutil.which("qemu-system-x86_64") is None:
        raise NoGuest("qemu-system-x86_64 is missing: install the Debian package qemu-system-x86.")
    with (folder / "qemu").open("wb") as said:
        qemu = subprocess.Popen(_command(disks, folder, sata_disk), stdin=subprocess.DEVNULL, stdout=said, stderr=said,
                                env={**os.environ, "TMPDIR": str(folder)}, start_new_session=True)
    talks: list[Talk] = []
    try:
        for name in ("monitor", "agent"):
            talks.append(Talk(folder / name))
        monitor, agent = talks
        monitor.hear(ANSWER_SECONDS)                            # its greeting
        monitor.ask("qmp_capabilities")
        _sync(agent, qemu, folder)
        yield Workstation(monitor, agent)
    finally:
        for talk in talks:
            talk.close()
        qemu.kill()                                             # every disk of it is thrown away or was only read
        qemu.wait()


def _sync(agent: Talk, qemu: subprocess.Popen[bytes], folder: Path) -> None:
    """Wait for the guest agent, which says nothing before it runs."""
    agent._socket.sendall(b'{"execute": "guest-sync", "arguments": {"id": 1}}\n')
    end = time.monotonic() + BOOT_SECONDS
    while True:
        try:
            if agent.hear(2.0).get("return") == 1:
                return
        except GuestFailed as error:
            if qemu.poll() is not None or time.monotonic() > end:
                said = "".join((folder / name).read_text("utf-8", "replace")[-1500:] for name in ("qemu", "console"))
                raise NoGuest(f"The virtual workstation does not start: {said}") from error


def _command(disks: Disks, folder: Path, sata_disk: Path) -> list[str]:
    def throwaway(name: str, path: Path) -> list[str]:
        return ["-drive", f"if=none,id={name},format=raw,snapshot=on,file={str(path).replace(',', ',,')}"]

    return [
        "setpriv", "--pdeathsig", "KILL",                      # it does not outlive the tests, however they end
        "qemu-system-x86_64", "-accel", "tcg,thread=multi,tb-size=256", "-cpu", "max", "-m", "1024", "-smp", "2",
        "-machine", "q35,usb=off", "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none",
        "-kernel", str(disks.kernel), "-initrd", str(disks.initramfs), "-serial", f"file:{folder / 'console'}",
        "-append", "console=ttyS0 quiet panic=-1 mitigations=off tsc=reliable net.ifnames=0 random.trust_cpu=on",
        "-qmp", f"unix:{folder / 'monitor'},server=on,wait=off",
        "-device", "virtio-serial-pci", "-chardev", f"socket,id=agent,path={folder / 'agent'},server=on,wait=off",
        "-device", "virtserialport,chardev=agent,name=org.qemu.guest_agent.0", "-device", "virtio-rng-pci",
        *throwaway("root", disks.root), "-device", "virtio-blk-pci,drive=root,serial=ROOT",
        *throwaway("libraries", disks.libraries), "-device", "virtio-blk-pci,drive=libraries,serial=LIBRARIES",
        *throwaway("project", disks.project), "-device", "virtio-blk-pci,drive=project,serial=PROJECT",
        "-device", "qemu-xhci,id=xhci,p2=8,p3=8", "-device", "virtio-scsi-pci,id=scsihost",
        "-device", "ide-cd,id=sata0,bus=ide.0,model=TEST DVD-sata0,serial=SATADVD01",
        "-device", "ide-cd,id=sata1,bus=ide.1,model=TEST DVD-sata1,serial=SATADVD02",
        "-device", "scsi-cd,id=scsi,bus=scsihost.0,scsi-id=1,vendor=TEST,product=DVD-scsi,serial=SCSIDVD01",
        "-device", "usb-bot,id=bridge,bus=xhci.0,port=1,serial=USBDVD01",
        "-device", "scsi-cd,id=usb,bus=bridge.0,vendor=TEST,product=DVD-usb",
        *throwaway("fixed", sata_disk),
        "-device", f"ide-hd,drive=fixed,bus=ide.2,serial={SATA_DISK_SERIAL},model=TEST HDD-sata2,rotation_rate=7200"]


@dataclass
class Workstation:
    """A running one. devices: what each of `DRIVES` is called in the guest."""

    _monitor: Talk
    _agent: Talk
    _numbers: Iterator[int] = field(default_factory=itertools.count)
    _inserted: dict[str, Medium] = field(default_factory=dict)
    _plugged: dict[Medium, str] = field(default_factory=dict)     # by what is pulled
    _hung: list[Medium] = field(default_factory=list)
    devices: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self._becomes(f"[ $(ls /dev/sr* | wc -l) = {len(DRIVES)} ] && udevadm settle")    # USB is slow to answer
        told = self.done("for d in /dev/sr*; do udevadm info -q property --property=ID_MODEL --value $d; echo $d; done")
        self.devices = {model.rpartition("-")[2]: device
                        for model, device in zip(told.split()[::2], told.split()[1::2], strict=True)}

    # --- commands in the guest ---------------------------------------------------------------------------------------

    def start(self, command: str, given: bytes = b"") -> int:
        """Start a line of shell; `exec` makes its process that of the program. Returns: its process id."""
        job = self._agent.ask("guest-exec", {
            "path": "/bin/sh", "arg": ["-c", command], "env": list(ENVIRONMENT), "capture-output": True,
            "input-data": base64.b64encode(given).decode()})
        return int(job["pid"])

    def ended(self, pid: int) -> Ran | None:
        """What came of a job, None while it runs. A job that has ended is told of once."""
        status = self._agent.ask("guest-exec-status", {"pid": pid})
        if not status["exited"]:
            return None
        code = int(status["exitcode"]) if "exitcode" in status else -int(status["signal"])
        return Ran(code, *(base64.b64decode(status.get(key, "")).decode("utf-8", "replace")
                           for key in ("out-data", "err-data")))

    def wait(self, pid: int, seconds: float = PATIENCE) -> Ran:
        """What came of a job. Raises: GuestFailed where it does not end in time."""
        return self.wait_all([pid], seconds)[0]

    def wait_all(self, pids: Sequence[int], seconds: float = PATIENCE) -> list[Ran]:
        """What came of several, in their order. Raises: GuestFailed."""
        came: dict[int, Ran] = {}

        def all_ended() -> bool:
            came.update({pid: ran for pid in pids if pid not in came and (ran := self.ended(pid)) is not None})
            return len(came) == len(pids)

        until(all_ended, "the jobs in the guest end", seconds)
        return [came[pid] for pid in pids]

    def run(self, command: str, given: bytes = b"", seconds: float = PATIENCE) -> Ran:
        """Run a line of shell to its end. Raises: GuestFailed."""
        return self.wait(self.start(command, given), seconds)

    def done(self, command: str, given: bytes = b"") -> str:
        """What a line of shell prints that must not fail. Raises: GuestFailed."""
        ran = self.run(command, given)
        if ran.code:
            raise GuestFailed(f"{command}: {ran.code}\n{ran.out}{ran.err}")
        return ran.out

    def put(self, path: str, content: bytes) -> str:
        """Write a file in the guest."""
        self.done(f"mkdir -p $(dirname {shlex.quote(path)}) && cat > {shlex.quote(path)}", content)
        return path

    # --- discs -------------------------------------------------------------------------------------------------------

    def insert(self, drive: str, image: Path, faults: Faults = SOUND) -> Medium:
        """Lay a disc into an empty drive and wait until the kernel knows it."""
        device = self.devices[drive]
        before = self._generation(device)
        medium = Medium(device, drive, self._nodes(image, faults, read_only=True))
        self._monitor.ask("blockdev-open-tray", {"id": drive, "force": True})
        self._monitor.ask("blockdev-insert-medium", {"id": drive, "node-name": medium.nodes[0]})
        self._monitor.ask("blockdev-close-tray", {"id": drive})
        self._inserted[drive] = medium
        size = image.stat().st_size // 512 * 512
        self._becomes(f'[ "$(blockdev --getsize64 {device})" = {size} ] '
                      f'&& [ {self._generation_of(device)} -gt {before} ]')
        return medium

    def tear_out(self, drive: str) -> None:
        """Take the disc out by force, whatever reads it, and close the empty tray; the kernel is not waited for."""
        self._monitor.ask("blockdev-open-tray", {"id": drive, "force": True})
        self._monitor.ask("blockdev-remove-medium", {"id": drive})
        self._monitor.ask("blockdev-close-tray", {"id": drive})
        self._release(self._inserted.pop(drive))

    def bytes_read(self, medium: Medium) -> int:
        """How much the kernel has read of a device since it is there. Source: Documentation/block/stat.rst, field 3."""
        return int(self.done(f"cat /sys/block/{medium.device.rpartition('/')[2]}/stat").split()[2]) * 512

    def wait_until_free(self, medium: Medium) -> None:
        """Wait until no intake works on a device any more."""
        self._becomes(f'[ -z "$(pgrep -f "[s]tation intake {medium.device} ")" ]')

    def _generation(self, device: str) -> int:
        return int(self.done(f"echo {self._generation_of(device)}"))

    @staticmethod
    def _generation_of(device: str) -> str:
        return f"$(cat /sys/block/{device.rpartition('/')[2]}/diskseq)"

    # --- disks -------------------------------------------------------------------------------------------------------

    def plug(self, bus: str, image: Path, serial: str, faults: Faults = SOUND, port: int = 0) -> Medium:
        """Plug a writable disk into "usb", "uas" or "scsi" and wait until udev is done with it.

        port: of the USB controller, 0 = any. What is written to the disk reaches the image. A "uas" disk may not be
        pulled while it is read: QEMU 7.2 ends.
        """
        nodes, name = self._nodes(image, faults, read_only=False), f"disk{next(self._numbers)}"
        disk = {"driver": "scsi-hd", "drive": nodes[0], "serial": serial, "vendor": "TEST"}
        if bus == "scsi":
            self._monitor.ask("device_add", {"id": name, "bus": "scsihost.0", "product": "HDD-scsi", **disk})
        else:
            driver = {"usb": "usb-bot", "uas": "usb-uas"}[bus]
            self._monitor.ask("device_add", {"driver": driver, "id": f"{name}-usb", "bus": "xhci.0", "serial": serial,
                                             **({"port": str(port)} if port else {})})
            self._monitor.ask("device_add", {"id": name, "bus": f"{name}-usb.0", "scsi-id": 0, "lun": 0,
                                             "product": "HDD-usb", **disk})
            self._monitor.ask("qom-set", {"path": f"/machine/peripheral/{name}-usb", "property": "attached",
                                          "value": True})
        link = f"$(ls -d /dev/disk/by-id/* | grep {serial} | grep -v -e -part | head -n 1)"
        self._becomes(f'[ -n "{link}" ]')
        medium = Medium(self.done(f"udevadm settle; readlink -f {link}").strip(), name, nodes)
        self._plugged[medium] = name if bus == "scsi" else f"{name}-usb"
        return medium

    def plug_keyboard(self, port: int) -> Medium:
        """Plug a keyboard into a port of the USB controller. Returns: its interface in /sys as the device."""
        name = f"keyboard{next(self._numbers)}"
        self._monitor.ask("device_add", {"driver": "usb-kbd", "id": name, "bus": "xhci.0", "port": str(port)})
        interface = f"$(ls -d /sys/bus/usb/devices/*-{port}:1.0 2>/dev/null)"
        self._becomes(f'[ -n "{interface}" ] && udevadm settle')
        keyboard = Medium(self.done(f"echo {interface}").strip(), name, ())
        self._plugged[keyboard] = name
        return keyboard

    def pull(self, disk: Medium) -> None:
        """Pull the plug, whatever reads it, and wait until the kernel has noticed."""
        plug = self._plugged.pop(disk)
        self._monitor.ask("device_del", {"id": plug})
        self._monitor.event("DEVICE_DELETED", plug)
        self._release(disk)
        self._becomes(f"[ ! -e {disk.device} ]")

    # --- bad luck ----------------------------------------------------------------------------------------------------

    def hang(self, medium: Medium) -> None:
        """Reads do not come back from now on. A SATA or USB drive may hang for 25 s only: then QEMU itself would."""
        self._io(medium, "break read_aio hung")
        self._hung.append(medium)

    def go_on(self, medium: Medium) -> None:
        """What hung comes back."""
        self._io(medium, "remove_break hung")
        self._io(medium, "resume hung")
        self._hung.remove(medium)

    def _io(self, medium: Medium, act: str) -> None:
        """By the drive, not by the node: that would wait for the reads under way before it answers."""
        self._monitor.ask("human-monitor-command", {"command-line": f'qemu-io -d {medium.drive} "{act}"'})

    def set_speed(self, medium: Medium, bytes_s: int) -> None:
        """Another speed at best, 0 = as fast as can be."""
        self._monitor.ask("qom-set", {"path": f"/objects/{medium.nodes[0]}-group", "property": "limits",
                                      "value": {"bps-read": bytes_s}})

    def clear(self) -> None:
        """Take out every disc and pull every disk; what hangs comes back first, for QEMU waits for its reads."""
        for medium in list(self._hung):
            self.go_on(medium)
        for drive in list(self._inserted):
            self.tear_out(drive)
        for disk in list(self._plugged):
            self.pull(disk)

    def _nodes(self, image: Path, faults: Faults, read_only: bool) -> tuple[str, ...]:
        """A chain of QEMU's block nodes: speed over faults over the file, named from the uppermost down.

        "raw" is there to tell the faults of each read.
        """
        name = f"medium{next(self._numbers)}"
        only = {"read-only": read_only}
        rules = [{"event": "none", "iotype": "read", "sector": sector, "errno": faults.error} for sector in faults.bad]
        self._monitor.ask("blockdev-add", {"driver": "file", "node-name": f"{name}-file", "filename": str(image),
                                           **only})
        self._monitor.ask("blockdev-add", {"driver": "blkdebug", "node-name": f"{name}-faults", "image": f"{name}-file",
                                           **({"inject-error": rules} if rules else {}), **only})
        self._monitor.ask("blockdev-add", {"driver": "raw", "node-name": f"{name}-raw", "file": f"{name}-faults",
                                           **only})
        self._monitor.ask("object-add", {"qom-type": "throttle-group", "id": f"{name}-group",
                                         "limits": {"bps-read": faults.bytes_s}})
        self._monitor.ask("blockdev-add", {"driver": "throttle", "node-name": name, "throttle-group": f"{name}-group",
                                           "file": f"{name}-raw", **only})
        return name, f"{name}-raw", f"{name}-faults", f"{name}-file"

    def _release(self, medium: Medium) -> None:
        for node in medium.nodes:
            self._monitor.ask("blockdev-del", {"node-name": node})
        if medium.nodes:
            self._monitor.ask("object-del", {"id": f"{medium.nodes[0]}-group"})

    def _becomes(self, test: str) -> None:
        """Wait in the guest until a test of the shell holds. Raises: GuestFailed."""
        self.done(f"n=0; until {test}; do n=$((n+1)); [ $n -lt {int(PATIENCE * 5)} ] || exit 1; sleep 0.2; done 2>&1")
