"""The rules of `udev-rules/` in force: what is plugged in is read-only before anybody looks."""
from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.vm import kit
from tests.vm.kit import Home
from tests.vm.workstation import Workstation

INTAKE, OTHER = 5, 6            # ports of the USB controller


@pytest.fixture
def with_rules(workstation: Workstation, tmp_path: Path) -> Iterator[Home]:
    """A station with one intake port, its rules in force; none are left behind."""
    stick = workstation.plug("usb", kit.ext4(tmp_path, "first.img", {"a.bin": b"a"}, mib=4), "FIRST01", port=INTAKE)
    drives = json.loads(workstation.done("python3 -m station drives --json --home /srv/rules"))
    port = next(drive["port"] for drive in drives if drive["device"] == stick.device)
    workstation.pull(stick)
    home = Home(workstation, "/srv/rules", f'intake_ports = ["{port}"]\n')
    config = workstation.put("/srv/rules.toml", home.settings.encode())
    before = set(workstation.done("ls /etc/udev/rules.d").split())
    told = workstation.run(f"python3 -m station doctor --fix --json --home /srv/rules --config {config}")
    installed = set(workstation.done("ls /etc/udev/rules.d").split()) - before
    try:
        assert {check["id"]: check["state"] for check in json.loads(told.out)}["rules"] == "ok", told
        yield home
    finally:
        workstation.done(f"cd /etc/udev/rules.d && rm {' '.join(installed)} && udevadm control --reload")


def test_the_rules_in_force(with_rules: Home, tmp_path: Path) -> None:
    """A stick is read-only before anybody looks; a keyboard is refused, on an intake port only."""
    guest, files = with_rules.guest, kit.content("rules", count=2)
    image = kit.dirty_ext4(tmp_path, "dirty.img", files)        # a mount would write it, even one that only reads
    before = kit.sha256(image)
    stick = guest.plug("usb", image, "DIRTY01", port=INTAKE)
    assert guest.done(f"blockdev --getro {stick.device}").strip() == "1"
    assert guest.run(f"dd if=/dev/zero of={stick.device} bs=4096 count=1 conv=fsync").code == 1
    guest.run(f"mkdir -p /srv/mounted && mount {stick.device} /srv/mounted && umount /srv/mounted")
    said = kit.verdict(with_rules.run(stick.device, with_rules.listed("rules", files)))
    assert (said["read_only"]["read_back"], said["counts"]["equal"]) == (True, 2)
    guest.pull(stick)
    assert kit.sha256(image) == before
    state = {port: guest.done(f"cat {guest.plug_keyboard(port).device}/authorized").strip() for port in (INTAKE, OTHER)}
    assert state == {INTAKE: "0", OTHER: "1"}
