"""What the workstation lacks, and what root can mend."""
from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from carriers.model import Refused
from station.config import Config
from station.doctor import PORTS, RULES, Place, examine, mend, ports_rule
from station.drives import Device
from station.home import Home
from station.register import Register, Station
from tests.devices.machine import MadeKernel, MadeMachine

PORT = "pci-0000:00:14.0-usb-0:2"
RULED = {"STATION_INTAKE": "1", "STATION_READ_ONLY": "1", "UDISKS_IGNORE": "1"}


class Bench:
    """A station on a machine of files; what was run is kept."""

    def __init__(self, folder: Path, ports: tuple[str, ...] = ()) -> None:
        self.made, self.ran = MadeMachine(folder / "machine"), list[Sequence[str]]()
        self.made.disk("sdb", ["sdb1"], ro=1)
        self.made.set("sdb1", "ro", 1)
        self.kernel = MadeKernel(self.made, "sdb")
        home, config = Home(folder / "home"), Config(intake_ports=ports)
        self.station = Station(config, home, Register(home, config.station_id))
        self.properties = dict(RULED)
        self.place = Place(folder / "root", self.made.machine, self.devices, self.kernel,  # type: ignore[arg-type]
                           self.run)

    def devices(self) -> list[Device]:
        return [Device(name, f"/dev/{name}", (self.made.classes / name).resolve(), "", self.properties)
                for name in ("sdb", "sdb1")]

    def run(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        self.ran.append(command)
        return subprocess.CompletedProcess(command, 0, "yes\n", "")

    def states(self) -> dict[str, str]:
        return {check.id: check.state for check in examine(self.station, self.place)}


def test_rules_are_installed_whole_and_put_in_force(tmp_path: Path) -> None:
    bench = Bench(tmp_path, (PORT,))
    assert bench.states()["rules"] == "lacks"
    mend(bench.station, bench.place)
    assert bench.states()["rules"] == bench.states()["ports"] == bench.states()["in-force"] == "ok"
    assert {path.name for path in bench.place.rules.iterdir()} == {*RULES, PORTS}
    assert bench.place.helper.stat().st_mode & 0o111 and bench.place.service.is_file()
    assert [c[0] for c in bench.ran if c[0] != "timedatectl"] == ["groupadd", "systemctl"] + 3 * ["udevadm"]


@pytest.mark.parametrize("name", RULES)
def test_one_altered_rule_is_found(tmp_path: Path, name: str) -> None:
    bench = Bench(tmp_path)
    mend(bench.station, bench.place)
    (bench.place.rules / name).write_text("# as somebody liked it better\n")
    assert bench.states()["rules"] == "lacks"


def test_ports_that_are_no_longer_configured_are_taken_away(tmp_path: Path) -> None:
    bench = Bench(tmp_path, (PORT,))
    mend(bench.station, bench.place)
    bench.station = replace(bench.station, config=Config())
    assert bench.states()["rules"] == bench.states()["ports"] == "lacks"
    mend(bench.station, bench.place)
    assert bench.states()["rules"] == "ok" and not (bench.place.rules / PORTS).exists()


def test_a_partition_that_can_be_written_is_not_in_force(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    assert bench.states()["in-force"] == "ok"
    bench.made.set("sdb1", "ro", 0)
    assert bench.states()["in-force"] == "lacks"
    bench.properties = {}
    assert bench.states()["in-force"] == "unknown"


def test_an_automounter_is_harmless_where_the_rules_hold_it_off(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.kernel.running = ("udisksd",)
    assert bench.states()["automounters"] == "lacks"
    mend(bench.station, bench.place)
    assert bench.states()["automounters"] == "ok"
    bench.properties["UDISKS_IGNORE"] = "0"
    assert bench.states()["automounters"] == "lacks"


def test_a_port_is_itself_and_what_hangs_on_it_and_no_other() -> None:
    assert f'ENV{{ID_PATH}}=="{PORT}|{PORT}:*|{PORT}.*|{PORT}-*"' in ports_rule([PORT])
    for hostile in ("", 'a", RUN+="x', "a b", "*", "端口"):
        with pytest.raises(Refused, match="config-bad-value"):
            ports_rule([hostile])


def test_without_the_right_it_is_said(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    (tmp_path / "root").write_text("")                         # no folder can be made below a file
    with pytest.raises(Refused, match="rules-denied"):
        mend(bench.station, bench.place)
