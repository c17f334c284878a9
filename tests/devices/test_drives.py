"""What lies in the drives: state by state on a made machine, then a thousand acts on emulated udev devices."""
from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from station.drives import (
    HUNG_SECONDS,
    QUEUE_SECONDS,
    SPIN_UP_SECONDS,
    UNCHANGED_SECONDS,
    Device,
    Drive,
    Watch,
    port_of,
)
from station.probe import Probes, answer, is_partial
from tests.devices.machine import MadeMachine

ROOT = Path(__file__).resolve().parents[2]
CD = {"ID_CDROM": "1", "ID_PATH": "port", "ID_CDROM_MEDIA": "1", "ID_CDROM_MEDIA_CD_R": "1"}


@dataclass
class Said:
    """What the drives answer, by path; who owes an answer, since when."""

    by_path: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    answers: dict[tuple[str, str], Mapping[str, Any]] = field(default_factory=dict)
    silent: dict[tuple[str, str], float] = field(default_factory=dict)

    def ask(self, wanted: Mapping[tuple[str, str], str], now: float) -> None:
        self.answers = {key: {"generation": generation, **self.by_path.get(key[1], {})}
                        for key, generation in wanted.items()}

    def collect(self) -> bool:
        return True

    def owing(self, now: float) -> dict[tuple[str, str], float]:
        return self.silent


class Room:
    """One watch over a made machine, and its devices as udev has them."""

    def __init__(self, folder: Path, **more: Any) -> None:
        self.made, self.said, self.devices = MadeMachine(folder), Said(), dict[str, Device]()
        self.watch = Watch(self.made.machine, self.said, devices=lambda: list(self.devices.values()), **more)

    def add(self, name: str, properties: Mapping[str, str], usb: str = "", **attributes: object) -> None:
        if not (self.made.classes / name).exists():
            self.made.disk(name, **attributes)
        self.devices[name] = Device(name, f"/dev/{name}", (self.made.classes / name).resolve(), usb, properties)

    def part(self, name: str, properties: Mapping[str, str]) -> None:
        self.devices[name] = Device(name, f"/dev/{name}", (self.made.classes / name).resolve(), "",
                                    {"DEVTYPE": "partition", **properties})

    def seen(self, name: str, now: float) -> Drive:
        self.watch.look(now)
        return next(drive for drive in self.watch.drives.values() if drive.device == f"/dev/{name}")

    def states(self, name: str, *times: float) -> list[str]:
        return [self.seen(name, now).state for now in times]


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path)


@pytest.mark.parametrize(("status", "properties", "states"), [
    ("empty", CD, ["empty", "empty", "empty"]),                               # udev remembers what is gone
    ("tray-open", CD, ["tray-open", "tray-open", "tray-open"]),
    ("", {**CD, "ID_FS_TYPE": "udf"}, ["loaded", "loaded", "loaded"]),        # a drive that does not say
    ("loaded", {**CD, "ID_CDROM_MEDIA_STATE": "complete"}, ["settling", "loaded", "loaded"]),
    ("loaded", {**CD, "ID_CDROM_MEDIA_STATE": "blank"}, ["settling", "blank", "blank"]),
    ("loaded", CD, ["settling", "unreadable", "unreadable"]),
    ("loaded", {"ID_CDROM": "1", "ID_PATH": "port"}, ["settling", "unreadable", "unreadable"]),    # no event at all
    ("not-ready", CD, ["settling", "settling", "unreadable"]),
    ("", {"ID_CDROM": "1", "ID_PATH": "port"}, ["empty", "empty", "empty"]),
])
def test_what_a_drive_says_goes_before_what_udev_remembers(room: Room, status: str, properties: dict[str, str],
                                                           states: list[str]) -> None:
    room.add("sr0", properties)
    room.said.by_path["/dev/sr0"] = {"status": status}
    assert room.states("sr0", 0.0, 2.0, SPIN_UP_SECONDS) == states


def test_while_udev_is_at_work_nothing_is_unreadable(room: Room) -> None:
    room.add("sr0", CD)
    room.said.by_path["/dev/sr0"] = {"status": "loaded"}
    (room.made.machine.run / "udev" / "queue").touch()
    assert room.states("sr0", 0.0, 3.0, QUEUE_SECONDS) == ["settling", "settling", "unreadable"]


def test_a_swap_is_told_though_label_and_kind_are_the_same(room: Room) -> None:
    room.add("sr0", {**CD, "ID_FS_TYPE": "udf", "ID_FS_LABEL": "A"})
    assert [drive.generation for drive in room.watch.look(0.0)] == ["1"]
    assert room.watch.look(1.0) == []
    room.made.set("sr0", "diskseq", 3)
    assert [(drive.label, drive.generation) for drive in room.watch.look(2.0)] == [("A", "3")]


@pytest.mark.parametrize("known", [{"STATION_DISKSEQ": "1"}, {"DEVLINKS": "/dev/cdrom /dev/disk/by-diskseq/1"}])
def test_what_udev_knows_of_the_disc_before_counts_for_nothing(room: Room, known: dict[str, str]) -> None:
    room.add("sr0", {**CD, **known, "ID_FS_TYPE": "udf", "ID_FS_LABEL": "A"})
    room.said.by_path["/dev/sr0"] = {"status": "loaded"}
    assert room.seen("sr0", 0.0).label == "A"
    room.made.set("sr0", "diskseq", 3)
    drive = room.seen("sr0", 1.0)
    assert (drive.state, drive.label, drive.medium) == ("settling", "", "")
    assert room.states("sr0", QUEUE_SECONDS, 1.0 + QUEUE_SECONDS) == ["settling", "unreadable"]


def test_an_answer_about_the_medium_before_counts_for_nothing(room: Room) -> None:
    room.add("sr0", {**CD, "ID_FS_TYPE": "udf"})
    room.said.by_path["/dev/sr0"] = {"status": "empty", "generation": "0"}
    assert room.seen("sr0", 0.0).state == "loaded"


def test_a_drive_without_an_answer_is_hung_and_no_other_waits(room: Room) -> None:
    room.add("sr0", {**CD, "ID_FS_TYPE": "udf"})
    room.add("sr1", {**CD, "ID_FS_TYPE": "udf", "ID_PATH": "other"})
    room.said.silent[("optical", "/dev/sr0")] = HUNG_SECONDS
    assert (room.seen("sr0", 0.0).state, room.seen("sr1", 0.0).state) == ("hung", "loaded")


@pytest.mark.parametrize(("path", "port"), [
    ("pci0000:00/0000:00:14.0/usb2/2-1/2-1:1.0/host6/target6:0:0/6:0:0:1/block/sdb",
     "pci0000:00/0000:00:14.0/usb2/2-1/2-1:1.0/0:0:1"),
    ("pci0000:00/0000:00:1f.2/ata3/host2/target2:0:0/2:0:0:0/block/sr0", "pci0000:00/0000:00:1f.2/ata3/0:0:0"),
    ("pci0000:00/0000:01:00.0/host1/target1:0:3/1:0:3:0/scsi_tape/nst0", "pci0000:00/0000:01:00.0/0:3:0"),
    ("pci0000:00/0000:01:00.0/nvme/nvme2/nvme2n1", "pci0000:00/0000:01:00.0n1")])
def test_a_drive_keeps_its_name_when_it_is_plugged_in_again(path: str, port: str) -> None:
    assert port_of(Path("/sys/devices") / path) == port


def test_a_usb_port_is_the_socket_not_what_hangs_on_it(room: Room) -> None:
    room.add("sdb", {"ID_PATH": "pci-0000:00:14.0-usb-0:2.1:1.0-scsi-0:0:0:0", "ID_PART_TABLE_TYPE": "gpt"})
    assert room.seen("sdb", 0.0).port == "pci-0000:00:14.0-usb-0:2.1"


def test_two_devices_of_one_port_are_told_apart(room: Room) -> None:
    for name, folder in (("sdb", "port-sdb"), ("sdc", "port-sdb")):
        room.add(name, {"ID_PART_TABLE_TYPE": "gpt"})
        room.devices[name] = replace(room.devices[name], folder=room.made.machine.sys / folder / "block" / name)
    assert len({drive.drive for drive in room.watch.look(0.0)}) == 2


@pytest.mark.parametrize(("said", "state"), [
    ({"status": "loaded", "zeros": True}, "blank"), ({"status": "loaded", "zeros": False}, "loaded"),
    ({"status": "loaded", "error": "EIO"}, "unreadable"), ({"status": "", "error": "EACCES"}, "loaded"),
    ({"status": "empty"}, "empty")])
def test_a_disk_without_a_table(room: Room, said: dict[str, Any], state: str) -> None:
    room.add("sdb", {"ID_PATH": "port"})
    room.said.by_path["/dev/sdb"] = said
    assert room.states("sdb", 0.0, 2.0)[1] == state


def test_a_card_reader_without_a_card_is_empty(room: Room) -> None:
    room.add("sdb", {"ID_PATH": "port"}, size=0, removable=1)
    assert room.seen("sdb", 0.0).state == "empty"


def test_partitions_with_their_labels_and_what_others_would_assemble(tmp_path: Path, room: Room) -> None:
    room.made.disk("sdb", ["sdb1", "sdb2"], ro=1)
    room.made.set("sdb1", "ro", 1)
    room.add("sdb", {"ID_PATH": "port", "ID_PART_TABLE_TYPE": "dos"})
    room.part("sdb1", {"ID_FS_TYPE": "ntfs", "ID_FS_LABEL": "__", "ID_FS_LABEL_ENC": r"\xe6\xa1\xa3 1\x20"})
    room.part("sdb2", {"STATION_FS_TYPE": "LVM2_member"})
    drive = room.seen("sdb", 0.0)
    assert [(part.file_system, part.label) for part in drive.partitions] == [("ntfs", "档 1"), ("LVM2_member", "")]
    assert (drive.state, drive.medium, drive.label, drive.read_only) == ("loaded", "dos", "档 1", False)


def test_the_system_and_what_it_uses_is_never_offered(room: Room) -> None:
    for name, number in (("sda", 1), ("sdb", 2), ("sdc", 3)):
        room.made.disk(name, [f"{name}1"])
        room.add(name, {"ID_PATH": f"port-{number}", "ID_PART_TABLE_TYPE": "gpt"})
    room.made.mounts([(room.made.number("sda1"), "/", "/dev/sda1"),
                      (room.made.number("sdb1"), "/media/x", "/dev/sdb1")])
    room.made.on_top("md0", "sdc1")
    assert [(d.reason, d.offered) for d in room.watch.look(0.0)] == [
        ("system", False), ("mounted", False), ("held", False)]


def test_the_disc_that_a_disk_s_bridge_pretends_is_said_and_not_offered(room: Room) -> None:
    room.add("sr1", {**CD, "ID_FS_TYPE": "udf"}, usb="/usb/2-1")
    assert room.seen("sr1", 0.0).state == "settling"           # its disk comes a moment later
    room.add("sdb", {"ID_PATH": "disk", "ID_PART_TABLE_TYPE": "gpt"}, usb="/usb/2-1")
    disc, disk = room.seen("sr1", 2.0), room.seen("sdb", 2.0)
    assert (disc.state, disc.reason, disc.offered, disk.offered) == ("loaded", "bridge-cd", False, True)


# --- folder drives ---------------------------------------------------------------------------------------------------

def entry(name: str, inode: int, newest: float, size: int = 4096, folder: bool = False) -> dict[str, Any]:
    return {"name": name, "inode": inode, "newest_ns": int(newest * 1e9), "bytes": size, "folder": folder}


def test_a_file_is_taken_up_when_it_no_longer_changes(tmp_path: Path) -> None:
    room = Room(tmp_path, folders=("/in",), wall_ns=lambda: int(1000e9))

    def taken(now: float, *entries: dict[str, Any]) -> list[tuple[str, str]]:
        room.said.by_path["/in"] = {"entries": entries}
        room.watch.look(now)
        return [(drive.label, drive.state) for drive in room.watch.drives.values() if drive.label]

    assert taken(0.0) == [] and room.watch.drives["folder:/in"].state == "empty"
    assert taken(1.0, entry("a.iso", 1, 999)) == [("a.iso", "settling")]
    assert taken(5.0, entry("a.iso", 1, 999, 8192)) == [("a.iso", "settling")]       # it grew
    assert taken(5.0 + UNCHANGED_SECONDS, entry("a.iso", 1, 999, 8192)) == [("a.iso", "loaded")]
    assert taken(11.0, entry("b.iso", 2, 10)) == [("b.iso", "loaded")]               # moved in, long finished
    assert taken(12.0, entry("c.part", 3, 999), entry("~$x.iso", 4, 10), entry("list.md5", 5, 10)) == []
    assert taken(13.0, entry("c", 3, 999)) == [("c", "loaded")]                      # renamed when it was finished
    assert taken(14.0, entry("bag", 6, 10, folder=True)) == [("bag", "loaded")]
    assert room.watch.drives["folder:/in/bag"].medium == "package"
    assert taken(15.0) == [] and room.watch.drives["folder:/in"].state == "empty"


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    room = Room(tmp_path, folders=("/in",))
    room.said.by_path["/in"] = {"status": "", "error": "ENOENT"}
    room.watch.look(0.0)
    assert room.watch.drives["folder:/in"].state == "unreadable"


@pytest.mark.parametrize("name", [".a.iso", "a.part", "a.iso.crdownload", "~$a.docx", "a.iso~", "A.ISO.PART"])
def test_partial_names(name: str) -> None:
    assert is_partial(name) and not is_partial("a.iso")


def test_what_lies_in_a_folder_and_how_new_it_is(tmp_path: Path) -> None:
    (tmp_path / "bag" / "data").mkdir(parents=True)
    (tmp_path / "bag" / "data" / "a").write_bytes(b"abc")
    for path, when in ((tmp_path / "bag" / "data" / "a", 50), (tmp_path / "bag" / "data", 40), (tmp_path / "bag", 30)):
        os.utime(path, (when, when))
    found = answer("folder", tmp_path)["entries"]
    assert [(e["name"], e["newest_ns"], e["bytes"], e["folder"]) for e in found] == [("bag", 50 * 10**9, 3, True)]
    assert answer("folder", tmp_path / "absent") == {"status": "", "error": "ENOENT"}


def test_a_drive_is_asked_by_a_process_that_may_die(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    (tmp_path / "a.iso").write_bytes(b"a")
    key, probes = ("folder", str(tmp_path)), Probes()
    probes.ask({key: "7"}, 0.0)
    probes.ask({key: "7"}, 5.0)                                # it owes an answer: not asked twice
    assert probes.owing(9.0) == {key: 9.0}
    while not probes.collect():                                # each turn blocks until the child says something
        select.select(probes.descriptors(), [], [])
    assert probes.answers[key]["generation"] == "7" and probes.answers[key]["entries"][0]["name"] == "a.iso"
    assert probes.owing(9.0) == {}
    probes.ask({}, 10.0)
    assert probes.answers == {}
    probes.close()


# --- emulated devices ------------------------------------------------------------------------------------------------

def emulated(*arguments: object) -> str:
    done = subprocess.run(["umockdev-wrapper", sys.executable, "-m", "tests.devices.storm", *map(str, arguments)],
                          capture_output=True, text=True, check=False, cwd=ROOT,
                          env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def test_a_thousand_acts_nothing_missed_and_nothing_invented() -> None:
    assert emulated("storm", 5, 1000).startswith("1000 acts, ")


def test_the_command_tells_four_drives_a_bridge_and_a_tape(tmp_path: Path) -> None:
    seen = json.loads(emulated("watch", tmp_path))
    loaded = [record for record in seen if record["state"] == "loaded"]
    assert [record["sessions"] for record in loaded[:4]] == [1, 2, 3, 4]
    assert loaded[0]["medium"] == "CD-R" and loaded[0]["offered"]
    assert loaded[4]["partitions"][0]["file_system"] == "exfat" and loaded[4]["offered"]
    assert loaded[5]["reason"] == "bridge-cd" and not loaded[5]["offered"]
