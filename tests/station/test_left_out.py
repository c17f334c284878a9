"""Nothing that happened to a carrier is left out: a reading that was interrupted, a list that was corrected."""
from __future__ import annotations

import errno
import io
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from carriers.folder import Folder
from carriers.model import DriveLost
from checks.bind import Choice
from checks.form import read_form
from station.config import Config
from station.home import Home
from station.intake import intake
from station.progress import Progress
from station.register import Register, Station
from station.words import Voice
from tests.station.test_commands import CONTENTS, a_package, decide, station


def test_a_corrected_list_is_said_to_be_one(tmp_path: Path) -> None:
    source, form = a_package(tmp_path, CONTENTS)
    home = tmp_path / "home"
    right = form.read_text("utf-8")
    form.write_text(("0" if right[0] != "0" else "1") + right[1:], "utf-8")
    first = json.loads(station(home, "intake", source, "--form", form, "--json").stdout)
    (tmp_path / "corrected.md5").write_text(right, "utf-8")
    again = station(home, "recompare", first["intake"], "--form", tmp_path / "corrected.md5", "--json")
    said = [f for f in json.loads(again.stdout)["findings"] if f["code"] == "reference-corrected"]
    assert (first["outcome"], again.returncode, len(said)) == ("failed", 0, 1)
    assert said[0]["facts"] == {"intake": first["intake"], "outcome": "failed", "file": form.name}
    assert "不合格" in said[0]["text"]["zh"]


def test_an_interrupted_reading_keeps_the_batch_open(tmp_path: Path) -> None:
    """What it met stays to be accounted for: finished by the same command, or set aside by two people with a reason."""
    source, form = a_package(tmp_path, CONTENTS)
    home = tmp_path / "home"
    batch = json.loads(station(home, "batch", form, "--fonds", "J010", "--unit", "某局", "--year", "2026",
                               "--json").stdout)["batch"]
    vanished = tmp_path / "vanished"
    shutil.copytree(source, vanished)
    begun = Station(Config(), Home(home), Register(Home(home), Config().station_id))
    progress = Progress(Voice("en", io.StringIO(), io.StringIO()))
    with pytest.raises(DriveLost):
        intake(begun, vanished, read_form(form), Choice(), progress, opener=lambda path: Folder(path, pread=_lost))
    assert json.loads(station(home, "intake", source, "--form", form, "--json").stdout)["outcome"] == "passed"
    open_points = json.loads(station(home, "batch", batch, "--json").stdout)["open"]
    assert [o["what"] for o in open_points] == ["open-reading"]
    number = open_points[0]["intake"]
    assert decide(home, batch).returncode == 3

    def answer(word: str, by: str) -> int:
        return station(home, "resolve", number, "reading-open", "--by", by, "--confirmed-by", "李敏", "--answer", word,
                       "--reason", "光驱故障,换机重读").returncode
    assert [answer("accept", "张伟"), answer("recheck", "李敏"), answer("recheck", "张伟"),
            answer("recheck", "张伟")] == [2, 2, 0, 2]
    decided = json.loads(decide(home, batch).stdout)
    paper = home / "batches" / batch / f"{decided['number']}.pdf"
    text = subprocess.run(["pdftotext", "-raw", str(paper), "-"], capture_output=True, check=True, text=True).stdout
    assert decided["outcome"] == "passed" and number in text and "换机重读" in text
    assert station(home, "audit").returncode == 0


def _lost(handle: int, length: int, offset: int) -> bytes:
    raise OSError(errno.ENODEV, "gone")


def test_lines_cut_off_the_register_are_missed(tmp_path: Path) -> None:
    """The chain of what is left is whole; what was kept beside it tells, and no number is given twice."""
    source, form = a_package(tmp_path, CONTENTS)
    home = tmp_path / "home"
    batch = json.loads(station(home, "batch", form, "--fonds", "J010", "--unit", "某局", "--year", "2026",
                               "--json").stdout)["batch"]
    station(home, "intake", source, "--form", form)
    number = json.loads(decide(home, batch).stdout)["number"]
    register = next((home / "register").glob("*.jsonl"))
    lines = register.read_bytes().splitlines(keepends=True)
    register.write_bytes(b"".join(lines[:2]))                      # the batch and the verdict, no decision, no print
    audited = station(home, "audit")
    assert audited.returncode == 1
    assert f"{number}.json" in audited.stdout and f"{number}.pdf" in audited.stdout
    refused = decide(home, batch)
    assert refused.returncode == 4 and number in refused.stderr
    register.write_bytes(lines[0])
    assert "S1-" in station(home, "audit").stdout
    register.write_bytes(b"".join(lines))
    assert station(home, "audit").returncode == 0
