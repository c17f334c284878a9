"""What a drive says: whose serial number it is, which snapshot counts, what is not learnt and why."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from carriers.health import Health, Witnesses, look, unseen_sessions
from carriers.tools import Answer
from tests.drives_kit import (
    DISC_INFORMATION,
    DISK,
    JMICRON,
    NVME,
    OPTICAL,
    OWN,
    SATA,
    UNKNOWN_BRIDGE,
    USB,
    burner,
    machine,
    sg_raw,
    smartctl,
)

DEVICE = Path("/dev/sdb")


def answers(raw: bytes) -> Answer:
    return Answer(0, raw)


def test_an_image_or_a_folder_has_no_drive(tmp_path: Path) -> None:
    (tmp_path / "disc.iso").write_bytes(bytes(2048))
    for source in (tmp_path, tmp_path / "disc.iso", tmp_path / "missing"):
        health = look(source)
        assert health == Health() and not health.asked and not health.checked


def test_a_loop_device_has_no_drive(tmp_path: Path) -> None:
    (tmp_path / "sys/devices/virtual/block/loop0").mkdir(parents=True)
    (tmp_path / "sys/dev/block").mkdir(parents=True)
    (tmp_path / "sys/dev/block/7:0").symlink_to(tmp_path / "sys/devices/virtual/block/loop0")
    assert look(DEVICE, Witnesses(tmp_path / "sys", tmp_path, numbers=lambda path: "7:0")) == Health()


def test_a_disk_behind_a_known_bridge_is_named_itself(tmp_path: Path) -> None:
    health = look(DEVICE, machine(tmp_path, USB, DISK, lambda c: answers(smartctl(**OWN)), usb=JMICRON))
    assert (health.serial, health.serial_is_of) == ("WD-WCC4N0000001", "carrier")
    assert health.drive == {"vendor": "", "model": "WDC WD10EZEX-08WN4A0", "firmware": "2.5+", "bus": "usb",
                            "serial": "WD-WCC4N0000001", "bridge": "152d:0578 JMicron External"}
    assert health.checked and health.findings == () and health.hours == 1


@pytest.mark.parametrize("raw", [
    UNKNOWN_BRIDGE, smartctl(device={"type": "scsi", "protocol": "SCSI"}, serial_number="DD56419883A0F")])
def test_the_bridges_serial_number_is_never_the_carriers(raw: bytes, tmp_path: Path) -> None:
    """Two disks that stand in one dock, one after the other, would be one carrier."""
    health = look(DEVICE, machine(tmp_path, USB, DISK, lambda c: answers(raw), usb=JMICRON))
    assert (health.serial, health.serial_is_of, health.drive["serial"]) == ("", "bridge", "DD56419883A0F")
    assert [f.code for f in health.findings] == ["serial-is-of-bridge"]
    assert health.drive["model"] == "Generic"


def test_a_bridge_without_a_serial_number(tmp_path: Path) -> None:
    health = look(DEVICE, machine(tmp_path, USB, DISK, lambda c: answers(UNKNOWN_BRIDGE),
                                  usb={**JMICRON, "serial": "\n"}))
    assert (health.serial, health.serial_is_of, health.findings) == ("", "", ())
    assert health.unlearnt == "bridge-unknown" and not health.checked


def test_a_sata_disk_is_known_without_any_tool(tmp_path: Path) -> None:
    """Page 80h as the kernel keeps it of a SATA disk (recorded: QEMU's)."""
    attributes = {**DISK, "vendor": "ATA     \n", "model": "BENCH SATA HDD  \n",
                  "vpd_pg80": b"\0\x80\0\x14SN0001              "}
    health = look(DEVICE, machine(tmp_path, SATA, attributes, lambda c: Answer(-1, b"", "no-tool")))
    assert (health.serial, health.serial_is_of, health.unlearnt) == ("SN0001", "carrier", "no-tool")
    assert health.drive == {"vendor": "", "model": "BENCH SATA HDD", "firmware": "0508", "serial": "SN0001",
                            "bus": "ata", "bridge": ""}


def test_a_number_that_no_maker_filled_in_is_nobodys(tmp_path: Path) -> None:
    here = machine(tmp_path, SATA, DISK, lambda c: answers(smartctl(serial_number="00000000")))
    assert (look(DEVICE, here).serial, look(DEVICE, here).serial_is_of) == ("", "")


def test_a_memory_card(tmp_path: Path) -> None:
    place = "pci0000:00/0000:02:00.0/mmc_host/mmc0/mmc0:0001"
    health = look(DEVICE, machine(tmp_path, place, {"type": "SD\n", "name": "SC64G\n", "serial": "0x2a4b1c9d\n"},
                                  lambda c: Answer(-1, b"", "no-tool")))
    assert (health.drive["bus"], health.drive["model"], health.serial) == ("mmc", "SC64G", "0x2a4b1c9d")


def test_an_nvme_disk(tmp_path: Path) -> None:
    attributes = {"serial": "S6Z1NF0W\n", "model": "Samsung SSD 980\n", "firmware_rev": "3B4QFXO7\n"}
    health = look(DEVICE, machine(tmp_path, NVME, attributes, lambda c: Answer(-1, b"", "no-tool")))
    assert (health.serial, health.drive["bus"], health.drive["firmware"]) == ("S6Z1NF0W", "nvme", "3B4QFXO7")


def test_a_partition_is_asked_as_its_disk(tmp_path: Path) -> None:
    asked: list[Sequence[str]] = []
    here = machine(tmp_path, USB, DISK, lambda c: (asked.append(c), answers(smartctl(**OWN)))[1], usb=JMICRON)
    health = look(Path("/dev/sdb1"), replace(here, numbers=lambda path: "8:17"))
    assert health.serial == "WD-WCC4N0000001"
    assert asked == [("smartctl", "--json=c", "-a", "/dev/sdb")]


def test_the_snapshot_of_this_very_plugging_in_counts(tmp_path: Path) -> None:
    here = machine(tmp_path, USB, DISK, lambda c: Answer(-1, b"", "no-tool"), usb=JMICRON)
    here.snapshots.mkdir()
    (here.snapshots / "16.json").write_bytes(smartctl(serial_number="THE-DISK-BEFORE"))
    assert look(DEVICE, here).unlearnt == "no-tool"
    (here.snapshots / "17.json").write_bytes(smartctl(**OWN)[:900])              # still being written
    assert look(DEVICE, here).unlearnt == "no-tool"
    (here.snapshots / "17.json").write_bytes(smartctl(**OWN))
    assert look(DEVICE, here).serial == "WD-WCC4N0000001"


def test_a_snapshot_that_is_still_being_written_is_waited_for(tmp_path: Path) -> None:
    """By one who could learn nothing without it; and not for ever."""
    here = replace(machine(tmp_path, USB, DISK, lambda c: Answer(-1, b"", "no-tool"), usb=JMICRON),
                   may_pass_through=lambda: False)
    assert look(DEVICE, here).unlearnt == "no-tool"                   # no rules are installed: nothing to wait for
    here.snapshots.mkdir()
    waited: list[float] = []

    def wait(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 3:
            (here.snapshots / "17.json").write_bytes(smartctl(**OWN))

    assert look(DEVICE, replace(here, wait=wait)).serial == "WD-WCC4N0000001" and len(waited) == 3
    (here.snapshots / "17.json").unlink()
    assert look(DEVICE, replace(here, wait=lambda seconds: waited.append(seconds))).unlearnt == "no-tool"
    assert sum(waited) < 15


def test_a_user_without_rights_is_told_so(tmp_path: Path) -> None:
    """smartctl 7.3 answers a user on a SATA disk with success, as SCSI and without SMART (recorded)."""
    raw = b'{"smartctl":{"exit_status":0},"device":{"type":"scsi","protocol":"SCSI"}}'
    here = machine(tmp_path, SATA, DISK, lambda c: answers(raw))
    assert look(DEVICE, here).unlearnt == "no-smart"
    assert look(DEVICE, replace(here, may_pass_through=lambda: False)).unlearnt == "no-right"


def test_a_disc_in_its_drive(tmp_path: Path) -> None:
    here = machine(tmp_path, SATA, OPTICAL, sg_raw(burner(0x1A, DISC_INFORMATION["overwritable"])))
    health = look(Path("/dev/sr0"), here)
    assert (health.medium, health.disc_state, health.sessions, health.optical) == ("DVD+RW", "complete", 1, True)
    assert health.drive == {"vendor": "TEST", "model": "BURNER", "firmware": "1.02", "serial": "K5XD0012345",
                            "bus": "ata", "bridge": ""}
    assert (health.serial, health.serial_is_of) == ("", "")           # the drive's number is not the disc's
    assert [f.code for f in health.findings] == ["medium-rewritable"]


@pytest.mark.parametrize(("information", "reasons"), [
    ("appendable, one session", ["appendable"]), ("session begun", ["begun"]), ("recording broke off", ["damaged"]),
    ("complete, one session", []), ("blank", [])])
def test_a_disc_that_can_be_added_to(information: str, reasons: list[str], tmp_path: Path) -> None:
    here = machine(tmp_path, SATA, OPTICAL, sg_raw(burner(0x1B, DISC_INFORMATION[information])))
    assert [f.facts["reason"] for f in look(Path("/dev/sr0"), here).findings] == reasons


def test_a_drive_that_says_nothing(tmp_path: Path) -> None:
    health = look(Path("/dev/sr0"), machine(tmp_path, SATA, OPTICAL, sg_raw({})))
    assert health.asked and health.unlearnt == "not-given" and not health.checked


def test_sessions_that_nobody_saw() -> None:
    assert [f.facts for f in unseen_sessions(Health(sessions=3), 2)] == [{"drive": 3, "seen": 2}]
    assert unseen_sessions(Health(sessions=1), 2) == unseen_sessions(Health(), 1) == ()
