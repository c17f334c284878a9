"""Nothing is written to a carrier: what is refused, how it is ensured, and what is said when it was not."""
from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from carriers.model import Refused
from station.block_devices import BlockDevices
from station.read_only import Kernel, hold_read_only
from tests.devices.machine import STAT, MadeKernel, MadeMachine

RULE = {"STATION_READ_ONLY": "1", "UDISKS_IGNORE": "1"}


@pytest.fixture
def made(tmp_path: Path) -> MadeMachine:
    machine = MadeMachine(tmp_path)
    machine.disk("sda", ["sda1", "sda2"])
    machine.disk("sdb", ["sdb1", "sdb2"])
    machine.mounts([(machine.number("sda1"), "/", "/dev/sda1")])
    return machine


def held(made: MadeMachine, kernel: MadeKernel | Kernel, change: object = None
         ) -> tuple[Mapping[str, object], list[str]]:
    with hold_read_only(Path("device"), kernel, made.machine) as each:  # type: ignore[arg-type]
        if callable(change):
            change()
        said, found = each.read_back()
        return said, [str(finding.facts["reason"]) for finding in found]


def test_a_file_is_opened_for_reading_only(tmp_path: Path) -> None:
    (tmp_path / "image").write_bytes(b"")
    with hold_read_only(tmp_path / "image") as each:
        assert each.read_back() == ({"method": "open-read-only", "read_back": False}, ())


def test_disk_and_all_partitions_are_set_read_only_and_read_back(made: MadeMachine) -> None:
    said, found = held(made, MadeKernel(made, "sdb1"))
    assert (said, found) == ({"method": "blkroset", "read_back": True}, [])
    assert [(made.classes / name / "ro").read_text() for name in ("sdb", "sdb1", "sdb2")] == ["1\n"] * 3
    assert (made.classes / "sda" / "ro").read_text() == "0\n"


@pytest.mark.parametrize(("ruled", "method"), [
    (("sdb", "sdb1", "sdb2"), "udev-rule"), (("sdb", "sdb1"), "blkroset"), ((), "blkroset")])
def test_the_weakest_way_is_named(made: MadeMachine, ruled: tuple[str, ...], method: str) -> None:
    for name in ruled:
        made.set(name, "ro", 1)
    assert held(made, MadeKernel(made, "sdb", properties=dict.fromkeys(ruled, RULE)))[0]["method"] == method


def test_a_write_protected_stick_is_called_that(made: MadeMachine) -> None:
    for name in ("sdb", "sdb1", "sdb2"):
        made.set(name, "ro", 1)
    assert held(made, MadeKernel(made, "sdb", may=False))[0]["method"] == "write-protected"


@pytest.mark.parametrize("medium", ["CD_R", "DVD_PLUS_R", "BD_R", "DVD"])
def test_a_disc_that_cannot_be_written_needs_no_right(made: MadeMachine, medium: str) -> None:
    made.disk("sr0")
    kernel = MadeKernel(made, "sr0", may=False, busy=True,
                        properties={"sr0": {"ID_CDROM": "1", f"ID_CDROM_MEDIA_{medium}": "1"}})
    assert held(made, kernel) == ({"method": "medium-cannot-be-written", "read_back": True}, [])


@pytest.mark.parametrize("properties", [{}, {"ID_CDROM_MEDIA_DVD_RAM": "1"}, {"ID_CDROM_MEDIA_BD_RE": "1"}])
def test_what_cannot_be_proven_is_refused(made: MadeMachine, properties: dict[str, str]) -> None:
    made.disk("sr0")
    with pytest.raises(Refused, match="not-read-only"):
        held(made, MadeKernel(made, "sr0", may=False, properties={"sr0": {"ID_CDROM": "1", **properties}}))
    with pytest.raises(Refused, match="not-read-only"):
        held(made, MadeKernel(made, "sdb", may=False))


def test_one_partition_that_stays_writable_is_enough(made: MadeMachine) -> None:
    for name in ("sdb", "sdb1"):
        made.set(name, "ro", 1)
    with pytest.raises(Refused) as refusal:
        held(made, MadeKernel(made, "sdb", may=False))
    assert refusal.value.facts["device"] == "/dev/sdb2"


def test_what_is_in_use_is_refused(made: MadeMachine) -> None:
    made.disk("sdc", ["sdc1"])
    made.disk("sdd", ["sdd1"])
    made.on_top("dm-0", "sdc1")
    made.mounts([(made.number("sda1"), "/", "/dev/sda1"), (made.number("sdb2"), r"/media/A\040B", "/dev/sdb2")])
    for source, code in (("sda", "device-system"), ("sda2", "device-system"), ("sdb", "device-mounted"),
                         ("sdc", "device-held")):
        with pytest.raises(Refused, match=code):
            held(made, MadeKernel(made, source))
    with pytest.raises(Refused, match="device-busy"):
        held(made, MadeKernel(made, "sdd", busy=True))


def test_the_system_is_found_through_volumes_swap_and_names(made: MadeMachine, tmp_path: Path) -> None:
    made.disk("sdc", ["sdc1"])
    made.on_top("dm-0", "sdb1")
    made.mounts([(made.number("dm-0"), "/", "/dev/mapper/root"), ("0:31", "/media/x", "/dev/sdc1")])
    (made.machine.proc / "swaps").write_text("Filename Type Size Used Priority\n/dev/sda2 partition 1 0 -2\n")
    uses = BlockDevices(made.machine).uses()
    assert uses["sdb"].system and uses["sdb"].holders == ("dm-0",)
    assert uses["sda"].swap and uses["sda"].system
    assert not uses["sdc"].system and uses["sdc"].mounts == ("/media/x",)


@pytest.mark.parametrize(("change", "reason"), [
    (lambda made: made.set("sdb", "stat", STAT.format(writes=1)), "writes"),
    (lambda made: made.set("sdb2", "ro", 0), "not-read-only"),
    (lambda made: made.mounts([(made.number("sdb1"), "/media/x", "/dev/sdb1")]), "mounted"),
    (lambda made: made.on_top("md0", "sdb1"), "mounted"),
])
def test_what_happened_during_the_pass_is_a_doubt(made: MadeMachine, change: object, reason: str) -> None:
    said, found = held(made, MadeKernel(made, "sdb"), lambda: change(made))  # type: ignore[operator]
    assert found == [reason] and said["read_back"] is False


def test_automounters_that_no_rule_holds_off_stand_in_the_verdict(made: MadeMachine) -> None:
    kernel = MadeKernel(made, "sdb")
    kernel.running = ("udisksd",)
    assert held(made, kernel)[0]["automounters"] == "udisksd"
    kernel = MadeKernel(made, "sdb", properties={"sdb": RULE})
    kernel.running = ("udisksd",)
    assert "automounters" not in held(made, kernel)[0]
