"""Lists on the carrier, bags, folders of lists and parts through the commands: intake, recompare, batch, audit."""
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from carriers.blocks import BlockSource
from carriers.disc import Disc
from carriers.model import Carrier
from checks.form import read_form
from checks.readability import SlowRule
from station.audit import audit
from station.home import Home
from station.journal import read_journal
from station.reading import reading_from
from tests.station.test_commands import station
from tests.station.test_resume import Killed, a_station, run, said
from tests.vectors_kit import (
    CONTENT,
    HEADER,
    NUMBER,
    SCOPED,
    SHEET,
    bag,
    digest,
    genisoimage,
    listed,
    manifest,
    plant,
    scoped,
    workbook,
)

PARTS = {f"p.part{n}.rar": b"Rar!\x1a\7" + digest(b"%d" % n).encode() * 9000 for n in range(1, 11)}
WHOLE = b"".join(PARTS.values())


def intake(home: Path, *arguments: object) -> dict[str, Any]:
    done = station(home, "intake", *arguments, "--json")
    assert done.returncode in (0, 1, 3), done.stderr
    record: dict[str, Any] = json.loads(done.stdout)
    return record


def recompare(home: Path, number: str, *arguments: object) -> dict[str, Any]:
    done = station(home, "recompare", number, *arguments, "--json")
    assert done.returncode in (0, 1, 3), done.stderr
    record: dict[str, Any] = json.loads(done.stdout)
    return record


def codes(record: dict[str, Any]) -> list[tuple[str, str]]:
    return sorted((f["code"], f["facts"].get("reason", "")) for f in record["findings"] if f["severity"] != "note")


def test_lists_found_without_a_form_serve_later_and_nothing_is_read_again(tmp_path: Path) -> None:
    home, image = tmp_path / "home", genisoimage(tmp_path, {
        **CONTENT, "sha1sum.txt": manifest(CONTENT, "sha1"), "案卷/0001.txt.md5": manifest({"0001.txt": b"other"})})
    done = station(home, "intake", image, language="en")
    assert done.returncode == 3
    assert "recompare S1-" in done.stdout and "sha1sum.txt" in done.stdout and "--form carrier:" in done.stdout
    image.unlink()
    number = next((home / "intakes").glob("S1-*")).name
    every = recompare(home, number, "--form", "carrier:")
    assert (every["outcome"], every["counts"]["listed"], every["counts"]["differs"]) == ("failed", 4, 1)
    one = recompare(home, number, "--form", "carrier:sha1sum.txt")
    assert (one["outcome"], one["counts"]["equal"], one["reference"]["anchor"]) == ("undecided", 3, "P4")
    assert one["reference"]["lists"] == [{"path": "sha1sum.txt", "lines": 3,
                                          "sha256": digest(manifest(CONTENT, "sha1"), "sha256")}]
    assert recompare(home, one["intake"], "--form", "carrier:sha1sum.txt", "--anchor", "P2")["outcome"] == "passed"
    assert station(home, "recompare", number, "--form", "carrier:none").returncode == 2
    assert audit(Home(home))[1] == []


def test_a_list_that_was_not_kept_is_said_at_recompare(tmp_path: Path) -> None:
    home, inner = tmp_path / "home", manifest(CONTENT)
    image = genisoimage(tmp_path, {**CONTENT, "目录.txt": inner})
    first = intake(home, image)
    form = workbook(tmp_path, [scoped("目录.txt", "清单", inner)], header=SCOPED)
    later = recompare(home, first["intake"], "--form", form)
    assert ("check-not-run", "list") in codes(later) and later["outcome"] == "undecided"
    again = intake(home, image, "--form", form)
    assert (again["outcome"], again["counts"]["equal"]) == ("passed", 4)
    assert recompare(home, again["intake"], "--form", form)["outcome"] == "passed"


def test_a_kept_list_that_was_altered_is_found(tmp_path: Path) -> None:
    home = tmp_path / "home"
    first = intake(home, genisoimage(tmp_path, {**CONTENT, "md5sum.txt": manifest(CONTENT)}), "--form", "carrier:")
    kept = home / "intakes" / first["intake"] / "lists.jsonl.zst"
    kept.write_bytes(kept.read_bytes()[:-1] + b"x")
    assert [Path(b.path).name for b in audit(Home(home))[1]] == ["lists.jsonl.zst"]
    assert station(home, "recompare", first["intake"], "--form", "carrier:").returncode == 4


def test_a_reading_kept_before_catalogues_were_read_says_so(tmp_path: Path) -> None:
    first = intake(tmp_path / "home", genisoimage(tmp_path, CONTENT))
    folder = tmp_path / "home" / "intakes" / first["intake"]
    record = next(r for r in read_journal(folder / "journal.jsonl") if r["type"] == "reading")
    found = [[f.facts for f in reading_from(kept, folder / "files.jsonl.zst", SlowRule()).found]
             for kept in (record, {key: value for key, value in record.items() if key != "enclosed"})]
    assert found == [[], [{"check": "completeness", "reason": "catalogues"}]]


def test_a_list_that_nobody_kept_is_not_taken_for_one_of_the_reading(tmp_path: Path) -> None:
    home, image = tmp_path / "home", genisoimage(tmp_path, CONTENT)
    first = intake(home, image, "--form", listed(tmp_path, CONTENT))
    (home / "intakes" / first["intake"] / "lists.jsonl.zst").write_bytes(b"")
    assert station(home, "recompare", first["intake"], "--form", listed(tmp_path, CONTENT)).returncode == 4


def test_a_list_on_the_carrier_gets_its_batch_by_the_intake(tmp_path: Path) -> None:
    home = tmp_path / "home"
    image = genisoimage(tmp_path, {**CONTENT, "md5sum.txt": manifest(CONTENT)})
    done = station(home, "intake", image, "--form", "carrier:md5sum.txt", "--anchor", "P2", language="en")
    number = next((home / "intakes").glob("S1-*")).name
    assert done.returncode == 0 and f"station batch {number}" in done.stdout
    assert "Lists followed: 1: md5sum.txt" in done.stdout and "Names found in: Joliet 3" in done.stdout
    opened = json.loads(station(home, "batch", number, "--fonds", "J010", "--unit", "某局", "--json").stdout)
    assert (opened["batch"][:9], opened["lines"], opened["open"]) == ("J010-2026", 3, [])
    assert station(home, "decide", opened["batch"], "--operator", "张伟", "--reviewer", "李敏").returncode == 0
    assert station(home, "batch", "S1-2026-000099").returncode == 2
    assert audit(Home(home))[1] == []


@pytest.mark.parametrize("kind", ["bag", "folder"])
def test_a_folder_as_a_form_opens_its_batch_and_is_kept(tmp_path: Path, kind: str) -> None:
    home = tmp_path / "home"
    lists = bag(CONTENT, "md5", tags=["md5"]) if kind == "bag" else {
        f"{path}.md5": manifest({path.rpartition("/")[2]: raw}) for path, raw in CONTENT.items()}
    form = plant(tmp_path, lists, "form")
    source = plant(tmp_path, lists if kind == "bag" else CONTENT)
    opened = station(home, "batch", form, "--fonds", "J010", "--unit", "某局", "--json")
    batch = json.loads(opened.stdout)
    verdict = intake(home, source, "--form", form)
    assert (verdict["outcome"], verdict["batch"]) == ("passed", batch["batch"])
    assert station(home, "decide", batch["batch"], "--operator", "张伟", "--reviewer", "李敏").returncode == 0
    assert audit(Home(home))[1] == []
    kept = sorted((home / "batches" / batch["batch"]).glob("form-*-1"))
    kept[0].write_bytes(b"altered")
    assert [b.what for b in audit(Home(home))[1]] == ["break-altered"]


def test_a_form_inside_its_own_bag_is_a_list_on_the_carrier(tmp_path: Path) -> None:
    source = plant(tmp_path, bag(CONTENT, "md5", tags=["md5"]))
    assert intake(tmp_path / "home", source, "--form", source)["reference"]["anchor"] == "P4"


def test_lines_of_a_followed_list_do_not_stand_for_lines_of_the_form(tmp_path: Path) -> None:
    """The form has three lines of which one carrier answers one; its list has as many lines as the form."""
    home, inner = tmp_path / "home", manifest(CONTENT)
    rows = [scoped("清单.txt", "清单", inner), scoped("b.dat", "文件", b"b", number="J010-2026-01-G002-A"),
            scoped("c.dat", "文件", b"c", number="J010-2026-01-G002-A")]
    form = workbook(tmp_path, rows, header=SCOPED, sheet=SHEET)
    verdict = intake(home, genisoimage(tmp_path, {**CONTENT, "清单.txt": inner}), "--form", form)
    assert verdict["counts"]["equal"] == 4
    text = station(home, "batch", verdict["batch"], language="en").stdout
    assert "2 lines of the list were answered by no carrier" in text


def opened(kill_at: int = -1) -> Any:
    """The way to a medium that dies at a read of the pass."""
    count = 0

    def pread(handle: int, length: int, offset: int) -> bytes:
        nonlocal count
        count += length > 100_000
        if count == kill_at:
            raise Killed
        return os.pread(handle, length, offset)

    def opener(path: Path) -> Carrier:
        return Disc(BlockSource(path, pread=pread))
    return opener


def test_parts_survive_a_killed_intake_and_are_kept_for_recompare(tmp_path: Path) -> None:
    image = genisoimage(tmp_path, PARTS)
    form = read_form(workbook(tmp_path, [scoped("p.rar", "多文件", WHOLE, "10")], header=SCOPED))
    straight = run(a_station(tmp_path / "straight"), image, form, opened())
    assert straight.outcome == "passed"
    killed = 0
    for at in range(1, 20):
        home = a_station(tmp_path / f"at{at}")
        try:
            run(home, image, form, opened(at))
        except Killed:
            killed += 1
            assert said(run(home, image, form, opened())) == said(straight)
        else:
            break
    assert killed >= 10                                        # in the main part, and while parts are read again


def test_a_form_that_joins_later_must_read_again(tmp_path: Path) -> None:
    home, image = tmp_path / "home", genisoimage(tmp_path, PARTS)
    rows = [(NUMBER, path, "MD5", digest(raw)) for path, raw in PARTS.items()]
    first = intake(home, image, "--form", workbook(tmp_path, rows, header=HEADER))
    assert first["outcome"] == "passed"
    joining = workbook(tmp_path, [scoped("p.rar", "多文件", WHOLE, "10")], header=SCOPED)
    later = recompare(home, first["intake"], "--form", joining)
    assert (later["outcome"], codes(later)) == ("undecided", [("check-not-run", "parts-not-joined")])
    again = intake(home, image, "--form", joining)
    assert again["outcome"] == "passed"
    kept = recompare(home, again["intake"], "--form", joining)
    assert (kept["outcome"], kept["lines"]) == ("passed", again["lines"])
    assert recompare(home, kept["intake"], "--form", joining)["outcome"] == "passed"
    assert kept["lines"][0]["actual"] == digest(WHOLE)
    assert subprocess.run(["md5sum"], input=WHOLE, capture_output=True, check=True).stdout.split()[0].decode() \
        == digest(WHOLE)
