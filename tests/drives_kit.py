"""Drives that are not there: a machine's /sys and answers of sg_raw and smartctl, for vectors and tests.

Bytes that no emulator gives (every disc but a pressed one) are composed by the tables of MMC-6; what is recorded says
so. The answers go through `carriers.health.look` as on a workstation.
"""
from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from carriers.health import Witnesses, look
from carriers.tools import Answer
from tests.vectors_kit import Case

RECORDED = Path(__file__).parent / "carriers" / "recorded"
ILLEGAL_REQUEST = Answer(5, b"")                  # sg_raw's exit for what a drive does not know


# --- discs -------------------------------------------------------------------------------------------------------

def configuration(profile: int, serial: str = "") -> bytes:
    """GET CONFIGURATION: the header, a list of profiles, the drive's serial number; MMC-6."""
    features = bytes.fromhex("0000 03 04") + profile.to_bytes(2, "big") + b"\1\0"
    if serial:
        features += bytes.fromhex("0108 03") + bytes([len(serial)]) + serial.encode()
    return (len(features) + 4).to_bytes(4, "big") + bytes(2) + profile.to_bytes(2, "big") + features


def disc_information(status: int, last: int, sessions: int = 1, tracks: int = 1, erasable: bool = False) -> bytes:
    """READ DISC INFORMATION, 34 bytes. status: 0 empty, 1 incomplete, 2 complete, 3 other. last: state of the last
    session: 0 empty, 1 incomplete, 2 damaged, 3 complete. Source: MMC-6, Standard Disc Information."""
    raw = bytearray(34)
    raw[0:2] = (32).to_bytes(2, "big")
    raw[2] = erasable << 4 | last << 2 | status
    raw[3], raw[4], raw[5], raw[6] = 1, sessions, tracks, tracks
    return bytes(raw)


DISC_INFORMATION: Mapping[str, bytes] = {
    # recorded: QEMU 7.2, a pressed disc
    "QEMU": bytes.fromhex("0020 0e 01 01 01 01 20") + bytes(26),
    "blank": disc_information(0, 0),
    "complete, one session": disc_information(2, 3),
    "complete, two sessions": disc_information(2, 3, sessions=2, tracks=2),
    "appendable, one session": disc_information(1, 0, sessions=2, tracks=2),
    "session begun": disc_information(1, 1),
    "recording broke off": disc_information(1, 2),
    "overwritable": disc_information(2, 3, erasable=True),
    "random access": disc_information(3, 3, erasable=True),
    # as dvd+rw-mediainfo is known to have shown of a finalised DVD-RW (HL-DT-ST GSA-4083N)
    "DVD-RW, damaged and complete": disc_information(2, 2, sessions=2, tracks=1, erasable=True),
}


def track(number: int, session: int, start: int = 0, size: int = 300, *, blank: bool = False, damage: bool = False
          ) -> bytes:
    """READ TRACK INFORMATION, 36 bytes. Source: MMC-6, Track
    Information Block."""
    raw = bytearray(36)
    raw[0:2] = (34).to_bytes(2, "big")
    raw[2], raw[3], raw[5], raw[6] = number, session, damage << 5 | 4, blank << 6 | 1
    raw[8:12], raw[24:28] = start.to_bytes(4, "big"), size.to_bytes(4, "big")
    return bytes(raw)


ATIP = bytes.fromhex("001a 0000 d0 00 c8 00 6118 01 00 4f3b 4a 00") + bytes(12)        # 97:24:01, 79:59:74


def sg_raw(answers: Mapping[str, bytes | Answer]) -> Callable[[Sequence[str]], Answer]:
    """An sg_raw that answers by CDB: the longest beginning of it, in hex, that is given."""
    def run(command: Sequence[str]) -> Answer:
        cdb = "".join(command[command.index("-r") + 3:])
        begun = max((key for key in answers if cdb.startswith(key)), key=len, default="")
        answer = answers.get(begun, ILLEGAL_REQUEST)
        return answer if isinstance(answer, Answer) else Answer(0, answer)
    return run


def burner(profile: int, information: bytes, sessions: Sequence[int] = (1,), more: Mapping[str, bytes] | None = None
           ) -> dict[str, bytes | Answer]:
    """The answers of a writer: sessions has the session of each track that holds something."""
    answers: dict[str, bytes | Answer] = {"46": configuration(profile, "K5XD0012345")}
    if information:
        answers["51"] = information
        answers |= {f"5201000000{n:02x}": track(n, session, 1000 * n - 1000) for n, session in enumerate(sessions, 1)}
        if information[6] > len(sessions):                                  # the track that could be written next
            answers[f"5201000000{information[6]:02x}"] = track(information[6], information[4], 9000, blank=True)
    return answers | dict(more or {})


# --- the machine -------------------------------------------------------------------------------------------------

SATA = "pci0000:00/0000:00:1f.2/ata1/host1/target1:0:0/1:0:0:0"
USB = "pci0000:00/0000:00:14.0/usb2/2-2/2-2:1.0/host8/target8:0:0/8:0:0:0"
NVME = "pci0000:00/0000:01:00.0/nvme/nvme0"
JMICRON = {"idVendor": "152d\n", "idProduct": "0578\n", "manufacturer": "JMicron\n", "product": "External\n",
           "serial": "DD56419883A0F\n"}
DISK = {"type": "0\n", "vendor": "JMicron \n", "model": "Generic         \n", "rev": "0508\n"}
OPTICAL = {"type": "5\n", "vendor": "TEST    \n", "model": "BURNER          \n", "rev": "1.02\n"}


def machine(folder: Path, place: str, attributes: Mapping[str, str | bytes], run: Callable[[Sequence[str]], Answer],
            *, usb: Mapping[str, str] | None = None) -> Witnesses:
    """A machine with one block device, 8:16, number 17 in the order of appearance, and a first partition, 8:17.

    place: of the SCSI device or NVMe controller below /sys/devices; attributes: its files; usb: those of the device
    on the bus that it hangs on, if it does.
    """
    device, sys = folder / "sys/devices" / place, folder / "sys"
    disk = device / ("nvme0n1" if place == NVME else "block/sr0" if attributes is OPTICAL else "block/sdb")
    (disk / "part1").mkdir(parents=True)
    (disk / "part1/partition").write_text("1\n")
    (disk / "diskseq").write_text("17\n")
    (disk / "device").symlink_to(device)
    for name, text in attributes.items():
        (device / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    for name, text in (usb or {}).items():
        (folder / "sys/devices" / place.partition("/2-2:1.0")[0] / name).write_text(text)
    (sys / "dev/block").mkdir(parents=True)
    (sys / "dev/block/8:16").symlink_to(disk)
    (sys / "dev/block/8:17").symlink_to(disk / "part1")
    return Witnesses(sys, folder / "snapshots", run, lambda path: "8:16", lambda: True, _never)


def _never(seconds: float) -> None:
    raise AssertionError("a test waits for nothing")


def disc_drive(case: Case, profile: int, information: bytes, sessions: Sequence[int] = (1,)) -> Case:
    """The case in a writer that says this of its disc."""
    here = machine(case.source.parent, SATA, OPTICAL, sg_raw(burner(profile, information, sessions)))
    return replace(case, health=look(case.source, here))


# --- disks -------------------------------------------------------------------------------------------------------

def smartctl(*, exit_status: int = 0, attributes: Mapping[int, tuple[str, str]] | None = None, **changes: Any) -> bytes:
    """What smartctl 7.3 says of a SATA disk (recorded: QEMU's), with another exit status, attributes, keys.

    attributes: number → name, raw value as printed. A key that is None is left out.
    """
    record = json.loads((RECORDED / "smartctl-sata.json").read_text(encoding="utf-8"))
    record["smartctl"]["exit_status"] = exit_status
    table = record["ata_smart_attributes"]["table"]
    for number, (name, value) in (attributes or {}).items():
        table[:] = [row for row in table if row["id"] != number]
        table.append({"id": number, "name": name, "value": 100, "worst": 100, "thresh": 0, "when_failed": "",
                      "raw": {"value": int("".join(filter(str.isdigit, value)) or 0), "string": value}})
    record |= changes
    return json.dumps({key: value for key, value in record.items() if value is not None}).encode()


OWN: Mapping[str, Any] = {"model_name": "WDC WD10EZEX-08WN4A0", "serial_number": "WD-WCC4N0000001"}
UNKNOWN_BRIDGE = json.dumps({"smartctl": {"exit_status": 1, "messages": [     # recorded: smartctl 7.3, QEMU's USB disk
    {"string": "/dev/sda: Unknown USB bridge [0x46f4:0x0001 (0x000)]", "severity": "error"}]}}).encode()
SMART: Mapping[str, Callable[[], bytes]] = {
    "sound": lambda: smartctl(**OWN),
    "pending": lambda: smartctl(attributes={197: ("Current_Pending_Sector", "8")}, **OWN),
    "failing": lambda: smartctl(exit_status=0x18, smart_status={"passed": False}, **OWN),
    "worn": lambda: smartctl(attributes={5: ("Reallocated_Sector_Ct", "24"), 199: ("UDMA_CRC_Error_Count", "3")},
                             **OWN),
    "unknown bridge": lambda: UNKNOWN_BRIDGE}


def disk_drive(case: Case, said: str) -> Case:
    """The case on a disk behind a USB bridge, of which smartctl says one of `SMART`."""
    here = machine(case.source.parent, USB, DISK, lambda command: Answer(0, SMART[said]()), usb=JMICRON)
    return replace(case, health=look(case.source, here))
