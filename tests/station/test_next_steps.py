"""What the operator is told to do next is whole, can be typed, and is true at that moment."""
import hashlib
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.station.test_commands import CONTENTS, a_package, station


def steps(done: subprocess.CompletedProcess[str]) -> list[str]:
    return [line for line in done.stdout.splitlines() if line.startswith(("下一步:", "注意:", "  来的"))]


def number_of(done: subprocess.CompletedProcess[str]) -> str:
    found = re.search(r"S1-\d{4}-\d{6}", done.stdout)
    assert found is not None
    return found.group()


def two_carriers(folder: Path) -> tuple[Path, Path, Path]:
    """Two packages without a name of their own, and one form that names both carriers."""
    rows, packages = ["全宗号,J010", "单位名称,某局", "载体(包)编号,文件名,数字摘要,字节数"], []
    for number in ("A1", "A2"):
        source = folder / f"盘{number}"
        source.mkdir()
        content = f"content of {number}".encode()
        (source / f"{number}.txt").write_bytes(content)
        rows.append(f"{number},{number}.txt,{hashlib.md5(content).hexdigest()},{len(content)}")
        packages.append(source)
    form = folder / "form.csv"
    form.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return packages[0], packages[1], form


def test_a_carrier_that_passed_is_not_followed_by_a_decision_while_another_is_absent(tmp_path: Path) -> None:
    first, second, form = two_carriers(tmp_path)
    home = tmp_path / "home"
    said = steps(station(home, "intake", first, "--form", form, "--carrier", "A1"))
    assert len(said) == 1 and "A2" in said[0] and "A1" not in said[0] and "intake" in said[0]
    said = steps(station(home, "intake", second, "--form", form, "--carrier", "A2"))
    assert len(said) == 1 and said[0].startswith("下一步:station decide J010-")


def test_a_carrier_that_passed_is_not_followed_by_a_decision_while_another_is_undecided(tmp_path: Path) -> None:
    first, second, form = two_carriers(tmp_path)
    home = tmp_path / "home"
    (first / "extra.bin").write_bytes(b"extra")
    doubtful = station(home, "intake", first, "--form", form, "--carrier", "A1")
    passed = station(home, "intake", second, "--form", form, "--carrier", "A2")
    assert (doubtful.returncode, passed.returncode) == (3, 0)
    said = steps(passed)
    assert len(said) == 1 and number_of(doubtful) in said[0] and "station batch J010-" in said[0]
    station(home, "resolve", number_of(doubtful), "file-unlisted", "--by", "甲", "--confirmed-by", "乙",
            "--answer", "accept", "--reason", "说明在案")
    again = steps(station(home, "intake", second, "--form", form, "--carrier", "A2"))
    assert again[0].startswith("下一步:station decide J010-")


def test_people_are_asked_only_what_they_may_answer(tmp_path: Path) -> None:
    source, form = a_package(tmp_path, CONTENTS)
    form.write_text(form.read_text(encoding="utf-8") + "nonsense\n", encoding="utf-8")
    (source / "extra.bin").write_bytes(b"extra")
    done = station(tmp_path / "home", "intake", source, "--form", form)
    said = steps(done)
    assert done.returncode == 3
    assert "form-line-malformed" in said[0] and f"station recompare {number_of(done)} " in said[0]
    assert f"station resolve {number_of(done)} file-unlisted " in said[1] and "form-line-malformed" not in said[1]
    assert "station batch list.md5" in said[2]


def test_another_carriers_list_is_said_to_be_that_before_the_carrier_goes_back(tmp_path: Path) -> None:
    source, form = a_package(tmp_path, CONTENTS)
    form.write_text("".join(f"{n:032x}  {n}.pdf\n" for n in range(4)), encoding="utf-8")
    done = station(tmp_path / "home", "intake", source, "--form", form)
    assert done.returncode == 1
    assert any(line.startswith("注意:") and "recompare" in line for line in steps(done))


def test_one_disc_read_twice_without_a_number_is_not_two_on_paper(tmp_path: Path) -> None:
    source, form = a_package(tmp_path, CONTENTS)
    home, people = tmp_path / "home", ("--operator", "甲", "--reviewer", "乙")
    readings = [number_of(station(home, "intake", source, "--form", form)) for _ in range(2)]
    assert station(home, "batch", form, "--fonds", "J010", "--unit", "某局").returncode == 0
    batch = next((home / "batches").iterdir()).name
    refused = station(home, "decide", batch, *people)
    assert refused.returncode == 3 and all(number in refused.stderr for number in readings)
    for number in readings:
        again = station(home, "recompare", number, "--form", form, "--carrier", "J010-1")
        assert again.returncode == 0, again.stderr
    done = station(home, "decide", batch, *people, "--json")
    assert done.returncode == 0, done.stderr
    rows = json.loads(station(home, "register", batch, "--json").stdout)
    assert {row["intake"] for row in rows} >= set(readings)        # read before their batch was opened


@pytest.mark.parametrize(("what", "code"), [("same", "check-not-run"), ("stray", "form-no-lines")])
def test_a_reading_that_was_bound_to_no_carrier_can_be_set_aside(tmp_path: Path, what: str, code: str) -> None:
    """The operator forgot --carrier and read again, or gave something else than a carrier of the form."""
    first, second, form = two_carriers(tmp_path)
    home = tmp_path / "home"
    if what == "stray":
        stray = tmp_path / "盘"
        shutil.copytree(first, stray)
        (stray / "A1.txt").write_bytes(b"of somebody else")
        (stray / "A1.txt").rename(stray / "B.txt")
    number = number_of(station(home, "intake", second if what == "same" else stray, "--form", form))
    for source, carrier in ((first, "A1"), (second, "A2")):
        assert station(home, "intake", source, "--form", form, "--carrier", carrier).returncode == 0
    batch = next((home / "batches").iterdir()).name
    refused = station(home, "decide", batch, "--operator", "甲", "--reviewer", "乙")
    assert refused.returncode == 3 and code in refused.stderr
    answered = station(home, "resolve", number, code, "--by", "甲", "--confirmed-by", "乙",
                       "--answer", "recheck", "--reason", "未指明编号")
    assert answered.returncode == 0, answered.stderr
    assert station(home, "decide", batch, "--operator", "甲", "--reviewer", "乙").returncode == 0
