"""A thousand acts of people at four drives and two disk ports, on emulated devices: what is told is what is there.

Run by test_drives.py under `umockdev-wrapper`; prints what went wrong and exits 1, or says how much was done.
"""
from __future__ import annotations

import json
import os
import random
import select
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from station.block_devices import Machine
from station.drives import HUNG_SECONDS, Drive, Watch
from station.watching import Hints
from tests.devices.testbed import Testbed

ROOT = Path(__file__).resolve().parents[2]
LABELS = ("J010", "J010", "J011", "")            # the same label on two discs is usual
MEDIA = ("CD", "CD_R", "DVD_PLUS_R", "BD_R")


@dataclass
class Slot:
    """What lies in a drive in truth. kind: optical or disk; state "" = no drive is plugged in there."""

    name: str
    kind: str
    paths: list[str] = field(default_factory=list)
    state: str = ""
    label: str = ""
    stuck: bool = False


@dataclass
class Answers:
    """Stands in for the processes that ask the drives: answers what is true, at once; a stuck drive never does."""

    slots: Mapping[str, Slot]
    bed: Testbed
    answers: dict[tuple[str, str], Mapping[str, Any]] = field(default_factory=dict)
    asked: dict[tuple[str, str], float] = field(default_factory=dict)

    def ask(self, wanted: Mapping[tuple[str, str], str], now: float) -> None:
        self.answers = {key: answer for key, answer in self.answers.items() if key in wanted}
        self.asked = {key: at for key, at in self.asked.items() if key in wanted}
        for key, generation in wanted.items():
            slot = self.slots.get(Path(key[1]).name)
            if slot is not None and slot.stuck:
                self.asked.setdefault(key, now)
            elif slot is not None:
                self.asked.pop(key, None)
                status = {"empty": "empty", "tray-open": "tray-open"}.get(slot.state, "loaded")
                self.answers[key] = {"generation": generation, "status": status}

    def collect(self) -> bool:
        return True

    def owing(self, now: float) -> dict[tuple[str, str], float]:
        return {key: now - at for key, at in self.asked.items()}


class Storm:
    """Acts, looks, and holds what is told against what is true."""

    def __init__(self, seed: int) -> None:
        self.chance, self.bed, self.now = random.Random(seed), Testbed(), 1000.0
        names = ("sr0", "sr1", "sr2", "sr3", "sdb", "sdc")
        self.slots = {name: Slot(name, "disk" if name.startswith("sd") else "optical") for name in names}
        self.hints, self.told, self.lines = Hints(), dict[str, Drive](), 0
        self.hints.fileno()
        self.watch = Watch(Machine(), Answers(self.slots, self.bed))
        for slot in self.slots.values():
            if slot.kind == "optical":
                self.plug(slot)

    def plug(self, slot: Slot) -> None:
        if slot.kind == "optical":
            slot.paths, slot.state = [self.bed.optical(slot.name, f"port-{slot.name}")], "empty"
        else:
            slot.label = self.chance.choice(LABELS)
            slot.paths = self.bed.disk(slot.name, f"port-{slot.name}", {"ntfs": slot.label})
            slot.state = "loaded"

    def pull(self, slot: Slot) -> None:
        for path in reversed(slot.paths):
            self.bed.remove(path)
        slot.paths, slot.state, slot.label, slot.stuck = [], "", "", False

    def insert(self, slot: Slot) -> None:
        """Also a swap. The first event of some drives knows no file system; some discs give no event at all."""
        path, medium = slot.paths[0], self.chance.choice(MEDIA)
        slot.state = self.chance.choice(("loaded", "loaded", "loaded", "blank", "unreadable"))
        slot.label = self.chance.choice(LABELS) if slot.state == "loaded" else ""
        self.bed.new_medium(path)
        if self.chance.random() < 0.3:                         # udev still remembers the disc before
            self.look(0.1)
            if self.told[slot.name].state == "loaded" and not slot.stuck:
                raise AssertionError(f"told of the disc before: {self.told[slot.name]}")
        self.bed.disc(path, {})
        if slot.state == "unreadable":
            return
        properties: dict[str, object] = {"ID_CDROM_MEDIA": 1, f"ID_CDROM_MEDIA_{medium}": 1,
                                         "ID_CDROM_MEDIA_STATE": "blank" if slot.state == "blank" else "complete"}
        self.bed.disc(path, properties)
        if self.chance.random() < 0.5:
            self.bed.event(path)
            self.look(0.1)
        if slot.state == "loaded":
            self.bed.disc(path, {**properties, "ID_FS_TYPE": "udf", "ID_FS_LABEL": slot.label})
        for _ in range(self.chance.choice((0, 1, 1, 2))):      # lost, once, doubled
            self.bed.event(path)

    def take_out(self, slot: Slot, state: str) -> None:
        slot.state, slot.label = state, ""
        self.bed.new_medium(slot.paths[0])
        if self.chance.random() < 0.7:                         # else udev remembers a disc that is gone
            self.bed.disc(slot.paths[0], {})
            self.bed.event(slot.paths[0])

    def act(self) -> None:
        slot = self.chance.choice(list(self.slots.values()))
        if not slot.state:
            self.plug(slot)
        elif self.chance.random() < (0.15 if slot.kind == "optical" else 0.8):
            self.pull(slot)
            if self.chance.random() < 0.3:                     # another, before anybody looked
                self.plug(slot)
        elif slot.kind == "optical":
            what = self.chance.random()
            if what < 0.5:
                self.insert(slot)
            elif what < 0.75:
                self.take_out(slot, "empty")
            elif what < 0.9:
                self.take_out(slot, "tray-open")
            else:
                slot.stuck = not slot.stuck
        elif self.chance.random() < 0.5:
            self.bed.event(slot.paths[-1])                     # an event without a reason

    def look(self, seconds: float) -> None:
        self.now += seconds
        if self.hints.fileno() >= 0:
            self.hints.drain(0)
        for drive in self.watch.look(self.now):
            before = self.told.get(drive.drive)
            if before == drive or (before is None and drive.state == "gone"):
                raise AssertionError(f"told for nothing: {drive}")
            self.lines += 1
            if drive.state == "gone":
                del self.told[drive.drive]
            else:
                self.told[drive.drive] = drive

    def check(self) -> None:
        wanted = {slot.name: ("hung", "") if slot.stuck else (slot.state, slot.label)
                  for slot in self.slots.values() if slot.state}
        told = {key: (drive.state, drive.label) for key, drive in self.told.items()}
        if told != wanted:
            raise AssertionError(f"told {told}, true {wanted}")
        for drive in self.told.values():
            if drive.offered != (drive.state in ("loaded", "blank", "unreadable")):
                raise AssertionError(f"offered wrongly: {drive}")

    def run(self, acts: int) -> None:
        for number in range(acts):
            self.act()
            if self.chance.random() < 0.5:
                self.look(self.chance.choice((0.1, 0.5)))
            if number % 97 == 0:                               # the monitor dies; an event later it is there again
                near, far = socket.socketpair()
                os.dup2(near.fileno(), self.hints.fileno())
                near.close(), far.close()
                self.hints.drain(select.POLLHUP)
                if self.hints.fileno() < 0:
                    raise AssertionError("no new monitor")
            if any(slot.stuck for slot in self.slots.values()):
                self.look(0.1)
                self.look(HUNG_SECONDS)
            self.look(0.5)
            self.look(2.0)
            self.check()
            if self.watch.look(self.now + 0.1):
                raise AssertionError("told again though nothing happened")


def storm(seed: int, acts: int) -> str:
    one = Storm(seed)
    one.run(acts)
    return f"{acts} acts, {one.lines} lines, {one.hints.restarts} new monitors"


# --- the process, as whoever starts it sees it --------------------------------------------------------------------

def watched(folder: Path) -> str:
    """`station drives --watch` of four drives: lines are awaited on its pipe, nothing sleeps."""
    bed = Testbed()
    drives = [bed.optical(f"sr{n}", f"port-sr{n}") for n in range(4)]
    os.environ["PYTHONPATH"] = str(ROOT)                       # no env=: libumockdev has set what only C sees
    with subprocess.Popen([sys.executable, "-m", "station", "drives", "--watch", "--home", str(folder)], text=True,
                          stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        seen = [awaited(process.stdout, f"port-sr{n}", "empty") for n in range(4)]
        for n, path in enumerate(drives):
            bed.new_medium(path)
            bed.disc(path, {"ID_CDROM_MEDIA": 1, "ID_CDROM_MEDIA_CD_R": 1, "ID_CDROM_MEDIA_SESSION_COUNT": n + 1,
                            "ID_FS_TYPE": "iso9660", "ID_FS_LABEL": "A", "ID_FS_LABEL_ENC": "\\xe6\\xa1\\xa3"})
            bed.event(path)
            seen.append(awaited(process.stdout, f"port-sr{n}", "loaded"))
        usb = bed.usb("2-1")
        fake = bed.optical("sr4", "port-usb-1", usb)
        bed.disc(fake, {"ID_CDROM_MEDIA": 1, "ID_CDROM_MEDIA_CD": 1, "ID_FS_TYPE": "udf", "ID_FS_LABEL": "Unlocker"})
        bed.disk("sdb", "port-usb-0", {"exfat": "数据"}, usb)
        bed.tape("nst0", "port-tape")
        seen += [awaited(process.stdout, "port-usb-0", "loaded"), awaited(process.stdout, "port-usb-1", "loaded"),
                 awaited(process.stdout, "port-tape", "unreadable")]
        bed.remove(drives[0])
        seen.append(awaited(process.stdout, "port-sr0", "gone"))
        process.stdout.close()                                 # nobody listens: it ends by itself
        process.wait(20)
    return json.dumps(seen)


def awaited(lines: IO[str], drive: str, state: str) -> dict[str, Any]:
    for line in lines:
        record: dict[str, Any] = json.loads(line)
        if (record["port"], record["state"]) == (drive, state):
            return record
    raise AssertionError(f"{drive} {state} was never told")


if __name__ == "__main__":
    print(storm(int(sys.argv[2]), int(sys.argv[3])) if sys.argv[1] == "storm" else watched(Path(sys.argv[2])))
