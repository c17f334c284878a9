"""From what a drive says to the verdict, the register and a later comparison."""
from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from carriers.health import Health
from checks.verdict import Verdict
from station.papers import People, decide
from station.register import Station
from tests.drives_kit import DISC_INFORMATION, disc_drive, disk_drive
from tests.station.test_commands import station as commanded
from tests.test_vectors import run, said, station_in
from tests.vectors_kit import CONTENT, PLAIN, Case, disc_in, form_in, listed, usual


@pytest.fixture(autouse=True)
def _unsynced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda fd: None)
    monkeypatch.setattr(os, "fdatasync", lambda fd: None)


def check(verdict: Verdict, name: str = "health") -> tuple[str, str]:
    found = next(c for c in verdict.checks if c.id == name)
    return found.result.value, found.evidence.get("en", "")


def two(folder: Path, said_of: str) -> tuple[Case, Case]:
    """Two disks of two batches, one after the other in the same dock."""
    cases = []
    for year, number, content in (("2025", "G001", PLAIN), ("2026", "G002", CONTENT)):
        case = Case(disc_in(folder, year, content, number), form_in(folder, year, {number: content}, 年度=year))
        cases.append(disk_drive(case, said_of))
    return cases[0], cases[1]


def known(station: Station, cases: tuple[Case, Case]) -> list[object]:
    first = run(cases[0], station)
    decide(station, first.batch, People("张伟", "李敏"))
    return [j.facts["known_by"] for j in run(cases[1], station).findings if j.code == "carrier-known"]


def test_two_disks_in_one_dock_are_not_one_carrier(tmp_path: Path) -> None:
    assert known(station_in(tmp_path), two(tmp_path, "unknown bridge")) == []


def test_a_disk_is_known_again_by_its_own_serial_number(tmp_path: Path) -> None:
    assert known(station_in(tmp_path), two(tmp_path, "sound")) == ["serial"]


def test_a_sound_disk_has_its_health_checked(tmp_path: Path) -> None:
    verdict = run(disk_drive(usual(tmp_path), "sound"), station_in(tmp_path))
    result, evidence = check(verdict)
    assert result == "passed" and "WD-WCC4N0000001" in evidence and "powered for 1 hours" in evidence
    assert check(verdict, "quality")[0] == "not_applicable"


@pytest.mark.parametrize(("said_of", "result"), [
    ("failing", "failed"), ("worn", "not_checked"), ("unknown bridge", "not_checked")])
def test_what_is_not_known_to_be_healthy_is_not_passed(said_of: str, result: str, tmp_path: Path) -> None:
    verdict = run(disk_drive(usual(tmp_path), said_of), station_in(tmp_path))
    assert check(verdict)[0] == result
    if said_of == "unknown bridge":
        assert check(verdict)[1] == "the bridge is not known, and was not probed so that it does not drop the disk"


def test_a_disc_has_no_health_but_what_its_drive_says_is_kept(tmp_path: Path) -> None:
    case = disc_drive(usual(tmp_path), 0x11, DISC_INFORMATION["complete, one session"])
    result, evidence = check(run(case, station_in(tmp_path)))
    assert result == "not_applicable"
    assert evidence == "the drive reports: DVD-R, finalised, 1 session(s), media id -"


def test_a_disk_that_wears_on_between_tests_is_failing(tmp_path: Path) -> None:
    """24 remapped sectors where there were none."""
    station = station_in(tmp_path)
    (tmp_path / "first").mkdir()
    (tmp_path / "second").mkdir()
    run(disk_drive(usual(tmp_path / "first"), "sound"), station)
    for count, folder in enumerate(("second", "third"), 1):
        (tmp_path / folder).mkdir(exist_ok=True)
        verdict = run(disk_drive(usual(tmp_path / folder), "worn"), station)
        growing = [j for j in verdict.findings if j.facts.get("reason") == "growing"]
        assert [(j.code, j.facts["before"], j.facts["value"]) for j in growing] == [("disk-failing", 0, 24)], count
        assert check(verdict)[0] == "failed"


def test_a_disk_that_was_worn_alike_before_is_not_failing(tmp_path: Path) -> None:
    station = station_in(tmp_path)
    for folder in ("first", "second"):
        (tmp_path / folder).mkdir()
        verdict = run(disk_drive(usual(tmp_path / folder), "worn"), station)
        assert "disk-failing" not in {j.code for j in verdict.findings}


def test_the_annex_says_what_the_drive_told(tmp_path: Path) -> None:
    station, cases = station_in(tmp_path), two(tmp_path, "unknown bridge")
    _, papers = decide(station, run(cases[0], station).batch, People("张伟", "李敏"))
    command = ["pdftotext", "-layout", str(papers[0].path), "-"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    lines = [" ".join(line.split()) for line in text.splitlines()]
    assert "载体健康 未检测(原因:不认得该转接设备,为免掉盘未作试探)。" in lines


def test_an_image_has_neither(tmp_path: Path) -> None:
    verdict = run(usual(tmp_path), station_in(tmp_path))
    assert check(verdict) == ("not_applicable", "") and set(verdict.drive.values()) == {""}
    assert Health().drive.keys() == verdict.drive.keys()


def test_a_later_comparison_says_the_same_of_the_drive(tmp_path: Path) -> None:
    station, case = station_in(tmp_path), disk_drive(usual(tmp_path), "worn")
    first = said(run(case, station), station)
    again = commanded(tmp_path / "home", "recompare", first["intake"], "--form", listed(tmp_path, CONTENT, "sha1"),
                    "--json")
    assert again.returncode == 3, again.stderr
    record: dict[str, Any] = json.loads(again.stdout)
    for key in ("drive", "checks"):
        wanted = [c for c in first[key] if c["id"] == "health"] if key == "checks" else first[key]
        assert ([c for c in record[key] if c["id"] == "health"] if key == "checks" else record[key]) == wanted
    assert record["carrier"]["serial"] == "WD-WCC4N0000001"
    assert [f for f in record["findings"] if f["code"] == "disk-worn"] == [
        f for f in first["findings"] if f["code"] == "disk-worn"]
