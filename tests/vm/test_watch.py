"""`station drives --watch`: twenty changes on kernel devices, nothing missed and nothing invented."""
from __future__ import annotations

import itertools
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.vm import kit
from tests.vm.workstation import DRIVES, Medium, Workstation, until

TOLD = "/srv/watch.jsonl"
PASSING = ("settling", "tray-open")             # on the way to what is so


@pytest.fixture
def watching(workstation: Workstation) -> Iterator[Workstation]:
    job = workstation.start(f"exec python3 -m station drives --watch --home /srv/watch > {TOLD}")
    yield workstation
    workstation.done(f"kill {job}")
    assert workstation.wait(job).code == 0


def told(workstation: Workstation) -> list[dict[str, Any]]:
    """Every line so far that is whole."""
    return [json.loads(line) for line in workstation.done(f"cat {TOLD}").splitlines(keepends=True) if line[-1] == "\n"]


def wait_for(workstation: Workstation, device: str, *wanted: str) -> None:
    """Until the newest line of a device has this state and, where it is given, label."""
    def is_told() -> bool:
        lines = [line for line in told(workstation) if line["device"] == device]
        return bool(lines) and (lines[-1]["state"], lines[-1]["label"])[:len(wanted)] == wanted
    until(is_told, f"{device} is told to be {wanted}")


def test_twenty_changes_are_told(watching: Workstation, tmp_path: Path) -> None:
    rng = random.Random(20)
    discs = {f"DISC_{n}": kit.iso(tmp_path, f"disc{n}", {"a": bytes([n]) * 3000}, f"DISC_{n}") for n in range(3)}
    disks = {f"disk-{bus}": kit.ext4(tmp_path, f"{bus}.img", {"a": b"a"}, "-L", f"disk-{bus}", mib=4)
             for bus in ("usb", "uas", "scsi")}
    lies: dict[str, str] = {}
    plugged: dict[str, Medium] = {}
    inserted: dict[str, list[str]] = {watching.devices[drive]: [] for drive in DRIVES}
    for drive in DRIVES:
        wait_for(watching, watching.devices[drive], "empty")
    for _ in range(20):
        where = rng.choice([*DRIVES, *disks])
        if where in disks:
            _plug_or_pull(watching, where, disks[where], plugged)
            continue
        device = watching.devices[where]
        label = rng.choice(sorted(discs.keys() - {lies.get(where)}))
        if where in lies:
            watching.tear_out(where)
        if where in lies and rng.random() < 0.5:
            del lies[where]
            wait_for(watching, device, "empty")
        else:
            watching.insert(where, discs[label])
            lies[where] = label
            inserted[device].append(label)
            wait_for(watching, device, "loaded", label)
    lines = told(watching)
    for device, labels in inserted.items():
        states = [(line["state"], line["label"]) for line in lines if line["device"] == device]
        known = [label for state, label in states if state not in (*PASSING, "empty")]
        assert [label for label, _ in itertools.groupby(known)] == labels, states
    assert {line["device"] for line in lines if line["offered"]} <= {
        *watching.devices.values(), *(f"/dev/sd{letter}" for letter in "abcdefghij")}      # never the system's own


def _plug_or_pull(workstation: Workstation, label: str, image: Path, plugged: dict[str, Medium]) -> None:
    if label in plugged:
        disk = plugged.pop(label)
        workstation.pull(disk)
        wait_for(workstation, disk.device, "gone")
    else:
        plugged[label] = workstation.plug(label.removeprefix("disk-"), image, f"WATCH{label}")
        wait_for(workstation, plugged[label].device, "loaded", label)
