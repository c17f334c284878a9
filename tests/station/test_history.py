"""What the register knows of a carrier: recognised by serial, source and number; in store; copies; checked again."""
from __future__ import annotations

import io
import json
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from carriers import open_carrier
from carriers.blocks import BlockSource
from carriers.disc import Disc
from carriers.model import Carrier, CarrierId
from checks.bind import Choice
from checks.form import read_form
from checks.verdict import Outcome, Verdict
from station import batch as batches
from station.commands.intake import open_known_batch
from station.config import Config
from station.history import Asked, recall
from station.home import Home
from station.intake import intake
from station.papers import People, decide
from station.progress import Progress
from station.recheck import accepted_form
from station.register import Register, Station
from station.words import Voice
from tests.station.test_commands import station as command
from tests.test_vectors import built, opener_of, run
from tests.vectors_kit import CONTENT, NUMBER, PLAIN, SHEET, digest, disc_in, form_in, lines_of, plant, workbook

STEM = "J010-2026-01-G001"


@pytest.fixture(autouse=True)
def _unsynced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda fd: None)
    monkeypatch.setattr(os, "fdatasync", lambda fd: None)


@pytest.fixture
def here(tmp_path: Path) -> Station:
    home, config = Home(tmp_path / "home"), Config()
    home.prepare()
    return Station(config, home, Register(home, config.station_id))


def read(here: Station, source: Path, form: Path, number: str = "",
         opener: Callable[[Path], Carrier] = open_carrier) -> Verdict:
    """An intake as the command makes it; what was said to the operator is in `said`."""
    submitted, said = read_form(form), io.StringIO()
    open_known_batch(here, submitted, form)
    verdict = intake(here, source, submitted, Choice(carrier_no=number), Progress(Voice("zh", said, said)),
                     opener=opener)
    (here.home.root / "said").write_text(said.getvalue(), encoding="utf-8")
    return verdict


def said(here: Station) -> str:
    return (here.home.root / "said").read_text(encoding="utf-8")


def known(verdict: Verdict, code: str = "carrier-known") -> list[Mapping[str, str | int]]:
    return [j.facts for j in verdict.findings if j.code == code]


def accept(here: Station, verdict: Verdict) -> str:
    return decide(here, verdict.batch, People("张伟", "李敏"))[0].number


class OfSerial(Disc):
    """A disc whose drive gives a serial number of its own."""

    def identify(self) -> CarrierId:
        return replace(super().identify(), serial="WD-0001")


def of_serial(path: Path) -> Carrier:
    return OfSerial(BlockSource(path))


# --- recognising -------------------------------------------------------------------------------------------------

def test_one_piece_under_two_numbers_is_known_by_its_serial(here: Station, tmp_path: Path) -> None:
    form = form_in(tmp_path, "form", {f"{STEM}-A": CONTENT, f"{STEM}-B": CONTENT})
    first = read(here, disc_in(tmp_path, "a", CONTENT, f"{STEM}-A"), form, opener=of_serial)
    second = read(here, disc_in(tmp_path, "b", CONTENT, f"{STEM}-B"), form, opener=of_serial)
    assert (first.outcome, second.outcome, known(first)) == (Outcome.PASSED, Outcome.UNDECIDED, [])
    assert [(f["known_by"], f["reason"], f["number"]) for f in known(second)] == [
        ("serial", "same-content", f"{STEM}-A")]
    assert "序列号" in said(here) and "Ctrl+C" in said(here)


def test_a_disk_of_another_unit_is_known_by_its_serial(here: Station, tmp_path: Path) -> None:
    theirs = form_in(tmp_path, "theirs", {"G001": CONTENT}, 全宗号="J021", 单位名称="另一局")
    accept(here, read(here, disc_in(tmp_path, "a", CONTENT, "G001"), theirs, opener=of_serial))
    verdict = read(here, disc_in(tmp_path, "b", PLAIN, "G001"), form_in(tmp_path, "ours", {"G001": PLAIN}),
                   opener=of_serial)
    assert [(f["fonds"], f["unit"], f["known_by"]) for f in known(verdict, "carrier-of-another-unit")] == [
        ("J021", "另一局", "serial")]
    assert [(f["known_by"], f["reason"], f["unit"]) for f in known(verdict)] == [("serial", "new-content", "另一局")]


def test_units_that_count_from_one_mean_their_own(here: Station, tmp_path: Path) -> None:
    theirs = form_in(tmp_path, "theirs", {"G001": CONTENT}, 全宗号="J021")
    accept(here, read(here, disc_in(tmp_path, "a", CONTENT, "G001"), theirs))
    verdict = read(here, disc_in(tmp_path, "b", PLAIN, "G001"), form_in(tmp_path, "ours", {"G001": PLAIN}))
    assert (verdict.outcome, known(verdict)) == (Outcome.PASSED, [])


@pytest.mark.parametrize(("then", "now"), [
    ("J010-2025-01-G001-A", "J010_2025_01_G001_A"), ("J010-2025-01-G001-A", "j010-2025-01-g001"),
    ("J010-2025-01-G001-A", "Ｊ０１０-２０２５-０１-Ｇ００１-Ａ"), ("某局-001", "某局_001")])
def test_a_number_is_known_however_it_is_written(here: Station, tmp_path: Path, then: str, now: str) -> None:
    first = form_in(tmp_path, "first", {then: CONTENT})
    accept(here, read(here, disc_in(tmp_path, "a", CONTENT, "DATA"), first))
    verdict = read(here, disc_in(tmp_path, "b", PLAIN, "DATA"), form_in(tmp_path, "second", {now: PLAIN}))
    assert [f["known_by"] for f in known(verdict)] == ["number"]


def test_what_went_back_may_come_again_under_another_form(here: Station, tmp_path: Path) -> None:
    first, second = (form_in(tmp_path, name, {NUMBER: CONTENT}, 批次号=name) for name in ("one", "two"))
    failed = read(here, disc_in(tmp_path, "a", PLAIN, NUMBER), first)
    accept(here, failed)
    sound = disc_in(tmp_path, "b", CONTENT, NUMBER)
    assert known(read(here, sound, second)) == []
    assert [f["standing"] for f in known(read(here, sound, first))] == ["read"]      # now it is open in two batches


def test_a_reading_set_aside_is_no_other_carrier(here: Station, tmp_path: Path) -> None:
    form = form_in(tmp_path, "form", {f"{STEM}-A": CONTENT, f"{STEM}-B": CONTENT})
    wrong = read(here, disc_in(tmp_path, "b", CONTENT, f"{STEM}-B"), form, f"{STEM}-A")
    assert wrong.outcome is Outcome.UNDECIDED                          # the label says B
    doubt = {"intake": wrong.intake, "code": "carrier-number-differs", "path": "", "answer": "recheck", "by": "甲",
             "confirmed_by": "乙", "reason": "拿错"}
    here.register.append("resolution", doubt)
    assert read(here, tmp_path / "b" / "disc.iso", form, f"{STEM}-B").outcome is Outcome.PASSED


def test_where_the_register_has_it_in_store(here: Station, tmp_path: Path) -> None:
    first, image = form_in(tmp_path, "one", {NUMBER: CONTENT}), disc_in(tmp_path, "a", CONTENT, NUMBER)
    batch = read(here, image, first).batch
    number = decide(here, batch, People("张伟", "李敏"))[0].number
    event = {"batch": batch, "by": "张伟", "second": "李敏", "method": "named"}
    here.register.append("event", {"event": "stored", "carrier_no": "", "place": "1架2柜", **event})
    here.register.append("event", {"event": "moved", "carrier_no": "J010_2026_01_G001_A", "place": "3架1柜", **event})
    again = read(here, image, form_in(tmp_path, "two", {NUMBER: CONTENT}, 批次号="two"))
    assert [(f["reason"], f.get("where"), f["certificate"]) for f in known(again)] == [
        ("same-content", None, number), ("in-store", "3架1柜", number)]
    assert "3架1柜" in said(here)
    here.register.append("event", {"event": "unsealed", "carrier_no": NUMBER, **event})
    out = read(here, image, form_in(tmp_path, "three", {NUMBER: CONTENT}, 批次号="three"))
    assert [f["reason"] for f in known(out)] == ["same-content"]


def test_a_later_comparison_does_not_wash_the_doubt_away(tmp_path: Path) -> None:
    home = tmp_path / "home"
    last, this = "J010-2025-01-G001-A", "J010-2026-01-G001-A"
    old = form_in(tmp_path, "2025", {last: CONTENT}, 年度="2025")
    first = json.loads(command(home, "intake", disc_in(tmp_path, "a", CONTENT, last), "--form", old, "--json").stdout)
    command(home, "decide", first["batch"], "--operator", "张伟", "--reviewer", "李敏")
    image, form = disc_in(tmp_path, "b", CONTENT, this), form_in(tmp_path, "2026", {this: CONTENT})
    again = json.loads(command(home, "intake", image, "--form", form, "--json").stdout)
    later = json.loads(command(home, "recompare", again["intake"], "--form", form, "--json").stdout)
    for verdict in (again, later):
        assert [f["facts"]["known_by"] for f in verdict["findings"] if f["code"] == "carrier-known"] == ["content"]
    assert later["digests"] == again["digests"]


def test_earlier_lists_that_are_gone_cost_the_comparison_only(here: Station, tmp_path: Path) -> None:
    first = read(here, disc_in(tmp_path, "a", PLAIN, "G001"), form_in(tmp_path, "one", {"G001": PLAIN}))
    accept(here, first)
    (here.home.intakes / first.intake / "files.jsonl.zst").unlink()
    more = {**PLAIN, **CONTENT}
    verdict = read(here, disc_in(tmp_path, "b", more, "G001"), form_in(tmp_path, "two", {"G001": more}))
    assert [f["reason"] for f in known(verdict)] == ["new-content"]
    assert verdict.counts.repeated_files == 0


def test_only_so_many_earlier_files_are_looked_through(here: Station, tmp_path: Path,
                                                       monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest first: the second carrier fills the bound, the first is not opened any more."""
    monkeypatch.setattr("station.history.FILES_COMPARED", len(CONTENT))
    for number, content in (("G001", PLAIN), ("G002", CONTENT), ("G003", {**PLAIN, **CONTENT})):
        form = form_in(tmp_path, number, {number: content}, 批次号=number)
        verdict = read(here, disc_in(tmp_path, f"disc {number}", content, number), form)
    assert (verdict.counts.repeated_files, verdict.counts.repeated_bytes) == (3, 12100)


def test_the_line_of_a_verdict_says_what_of_it_is_new(here: Station, tmp_path: Path) -> None:
    more = {**PLAIN, **CONTENT}
    for number, content in (("G001", PLAIN), ("G002", more)):
        form = form_in(tmp_path, number, {number: content}, 批次号=number)
        read(here, disc_in(tmp_path, f"disc {number}", content, number), form)
    lines = list(here.register.lines_of("verdict"))
    assert [(line["repeated_files"], line["repeated_bytes"]) for line in lines] == [(0, 0), (2, 9096)]
    assert len({line["content_only_sha256"] for line in lines}) == 2


def test_lines_that_cannot_matter_are_not_parsed(here: Station, tmp_path: Path) -> None:
    read(here, disc_in(tmp_path, "a", PLAIN, "G001"), form_in(tmp_path, "one", {"G001": PLAIN}))
    line = next(here.register.lines_of("verdict"))
    broken = json.dumps({**line, "carrier_no": "X7", "fingerprint": "0"}, ensure_ascii=False, separators=(",", ":"))
    with here.register.path.open("a", encoding="utf-8") as register:
        register.write(broken[:-1] + "\n")                     # not JSON any more; the audit will say so
    identity = CarrierId(open_carrier(tmp_path / "a" / "disc.iso").identify().kind, "", "", "", 1, "none")
    asked = Asked(identity, "G001", "", "", "J010", frozenset())
    assert [piece.number for piece in recall(here, asked).pieces] == ["G001"]


@pytest.mark.parametrize(("content", "differ"), [
    (CONTENT, []), ({path.lower().replace("案卷", "files"): raw for path, raw in CONTENT.items()}, []),
    ({**CONTENT, "案卷/0001.txt": b"later"}, ["content"])])
def test_copies_on_other_media_need_the_same_content_only(here: Station, tmp_path: Path, content: dict[str, bytes],
                                                          differ: list[str]) -> None:
    form = form_in(tmp_path, "form", {f"{STEM}-A": CONTENT, f"{STEM}-B": content})
    read(here, disc_in(tmp_path, "a", CONTENT, f"{STEM}-A"), form)
    verdict = read(here, plant(tmp_path, content, "b"), form, f"{STEM}-B")
    assert [f["reason"] for f in known(verdict, "set-copies-differ")] == differ
    assert verdict.outcome is (Outcome.FAILED if differ else Outcome.PASSED)


def test_a_copy_that_failed_is_no_measure_for_the_other(here: Station, tmp_path: Path) -> None:
    form = form_in(tmp_path, "form", {f"{STEM}-{letter}": CONTENT for letter in "AB"})
    bad = disc_in(tmp_path, "a", {**CONTENT, "案卷/0001.txt": b"damaged"}, f"{STEM}-A")
    assert read(here, bad, form).outcome is Outcome.FAILED
    assert read(here, disc_in(tmp_path, "b", CONTENT, f"{STEM}-B"), form).outcome is Outcome.PASSED


# --- the batch ---------------------------------------------------------------------------------------------------

def test_two_drives_that_end_at_once_are_looked_at_by_the_decision(here: Station, tmp_path: Path) -> None:
    """Neither verdict could see the other: the history of the later one is taken away here."""
    later = {**CONTENT, "案卷/0001.txt": b"later"}
    form = form_in(tmp_path, "form", {f"{STEM}-A": CONTENT, f"{STEM}-B": later, "J010-2026-01-G002-A": CONTENT})
    verdicts = [read(here, disc_in(tmp_path, number, content, number), form)
                for number, content in ((f"{STEM}-A", CONTENT), (f"{STEM}-B", later), ("J010-2026-01-G002-A", CONTENT))]
    blind = [replace(v, outcome=Outcome.PASSED, findings=()) for v in verdicts]
    batch = batches.fold(here, verdicts[0].batch)
    assert [o.what for o in batches.obstacles(here, batch, blind)] == ["open-copies-differ", "open-same-content"]
    assert not [o for o in batches.obstacles(here, batch, verdicts) if o.what in ("open-copies-differ",
                                                                                  "open-same-content")]


def test_a_reading_from_before_its_batch_is_looked_at_by_the_decision(tmp_path: Path) -> None:
    """A plain list says not whose it is: what the unit brought last year is found when the batch is decided."""
    home = tmp_path / "home"
    (tmp_path / "G001").mkdir()
    (tmp_path / "G001" / "a.bin").write_bytes(b"a" * 100)
    lists = []
    for number, content in enumerate((b"a" * 100, b"b" * 100)):
        (tmp_path / "G001" / "a.bin").write_bytes(content)
        lists.append(tmp_path / f"list{number}.csv")
        lists[-1].write_text(f"载体(包)编号,文件名,SHA256\nG001,a.bin,{digest(content, 'sha256')}\n",
                             encoding="utf-8")
        assert command(home, "intake", tmp_path / "G001", "--form", lists[-1]).returncode == 0
        opened = json.loads(command(home, "batch", lists[-1], "--fonds", "J010", "--unit", "某局", "--json").stdout)
        if not number:
            done = command(home, "decide", opened["batch"], "--operator", "张伟", "--reviewer", "李敏")
            assert done.returncode == 0, done.stderr
    assert [o["what"] for o in opened["open"]] == ["open-known"]
    later = command(home, "recompare", opened["open"][0]["intake"], "--form", lists[1], "--json")
    assert [f["facts"]["reason"] for f in json.loads(later.stdout)["findings"] if f["code"] == "carrier-known"] == [
        "new-content"]


def test_sets_in_a_column_of_their_own_can_be_decided(here: Station, tmp_path: Path) -> None:
    catalogue = [("载体编号", "载体形式", "套别"), *((STEM, "光盘", letter) for letter in "AB")]
    form = workbook(tmp_path, lines_of(CONTENT, STEM), sheet={**SHEET, "套数": "2"}, catalogue=catalogue)
    first = read(here, disc_in(tmp_path, "a", CONTENT, f"{STEM}-A"), form)
    batch = batches.fold(here, first.batch)
    assert [(o.what, o.facts) for o in batches.obstacles(here, batch, [first])] == [
        ("open-carrier-absent", {"carrier": f"{STEM}-B"})]
    second = read(here, disc_in(tmp_path, "b", CONTENT, f"{STEM}-B"), form)
    assert (second.carrier.number, second.outcome) == (f"{STEM}-B", Outcome.PASSED)
    assert accept(here, second) == f"{second.batch}-J01"


def test_a_gap_in_the_list_of_carriers_is_said_and_stops_nobody(tmp_path: Path) -> None:
    home = tmp_path / "home"
    numbers = ("J010-2026-01-G001", "J010-2026-01-G003")
    form = workbook(tmp_path, [*lines_of(CONTENT, numbers[0]), *lines_of(PLAIN, numbers[1])], sheet=SHEET,
                    catalogue=[("载体编号", "载体形式"), *((number, "光盘") for number in numbers)])
    assert "G002" in command(home, "batch", form).stdout
    for number, content in zip(numbers, (CONTENT, PLAIN), strict=True):
        assert command(home, "intake", disc_in(tmp_path, number, content, number), "--form", form).returncode == 0
    done = command(home, "decide", "J010-2026-01", "--operator", "张伟", "--reviewer", "李敏", language="en")
    assert done.returncode == 0 and "left out: J010-2026-01-G002" in done.stderr


# --- checked again -----------------------------------------------------------------------------------------------

def test_a_carrier_is_checked_again_against_what_was_accepted(tmp_path: Path) -> None:
    home, image = tmp_path / "home", disc_in(tmp_path, "a", CONTENT, NUMBER)
    form = form_in(tmp_path, "form", {NUMBER: CONTENT})
    first = json.loads(command(home, "intake", image, "--form", form, "--json").stdout)
    assert command(home, "intake", image, "--form", f"@{first['intake']}").returncode == 2       # nobody accepted it
    assert command(home, "intake", image, "--form", "@S1-2020-000009").returncode == 2
    command(home, "decide", first["batch"], "--operator", "张伟", "--reviewer", "李敏")
    done = command(home, "intake", image, "--form", f"@{first['intake']}", "--json")
    again = json.loads(done.stdout)
    assert (done.returncode, again["outcome"], again["batch"], again["carrier"]["number"]) == (
        0, "passed", first["batch"], NUMBER)
    assert {f["code"] for f in again["findings"]} == {"check-not-run"}
    assert (again["counts"]["listed"], again["counts"]["equal"]) == (3, 3)
    assert again["digests"] == first["digests"]
    assert "复检" in command(home, "intake", image, "--form", f"@{first['intake']}").stdout
    raw = image.read_bytes()
    at = raw.index(CONTENT["案卷/0002.bin"])
    image.write_bytes(raw[:at] + b"?" + raw[at + 1:])
    worse = json.loads(command(home, "intake", image, "--form", f"@{first['intake']}", "--json").stdout)
    assert (worse["outcome"], worse["counts"]["differs"]) == ("failed", 1)
    lines = [json.loads(row) for row in (home / "register" / "S1.jsonl").read_text("utf-8").splitlines()]
    assert [line["recheck_of"] for line in lines if line["type"] == "verdict"] == ["", *[first["intake"]] * 3]
    shown = json.loads(command(home, "batch", first["batch"], "--json").stdout)
    assert [r["intake"] for r in shown["readings"]] == [first["intake"]]        # what was decided stays decided
    assert command(home, "audit").returncode == 0


@pytest.mark.parametrize("name", ["sound-carrier-digest-algorithms", "sound-gbk-rr", "sound-udf-holes", "sound-bag",
                                  "encrypted-digest", "symlink-noted", "sound-udf-bridge", "file-litter"])
def test_what_passed_passes_when_it_is_checked_again(here: Station, name: str, tmp_path: Path) -> None:
    case = built(name, tmp_path)
    first = run(case, here)
    assert first.outcome is Outcome.PASSED
    here.register.append("batch", {
        "batch": "B", "form_sha256": first.reference.form_sha256, "form_name": "", "lines": 0, "carriers": [],
        "fields": {"fonds_no": "J010", "unit_name": "某局"}})
    here.register.append("decision", {"batch": "B", "number": "B-J01", "intakes": [first.intake], "returned": []})
    progress = Progress(Voice("en", io.StringIO(), io.StringIO()))
    again = intake(here, case.source, accepted_form(here, first.intake), Choice(), progress, opener=opener_of(case))
    assert (again.outcome, again.digests.content_sha256) == (Outcome.PASSED, first.digests.content_sha256)
    assert again.batch == "B" and again.counts.listed == again.counts.equal > 0


def test_a_check_against_a_list_that_was_altered_is_refused(tmp_path: Path) -> None:
    home, image = tmp_path / "home", disc_in(tmp_path, "a", CONTENT, NUMBER)
    first = json.loads(command(home, "intake", image, "--form", form_in(tmp_path, "form", {NUMBER: CONTENT}),
                               "--json").stdout)
    command(home, "decide", first["batch"], "--operator", "张伟", "--reviewer", "李敏")
    other = json.loads(command(home, "intake", disc_in(tmp_path, "b", PLAIN, "X"), "--json").stdout)
    shutil.copy(home / "intakes" / other["intake"] / "files.jsonl.zst",
                home / "intakes" / first["intake"] / "files.jsonl.zst")
    assert command(home, "intake", image, "--form", f"@{first['intake']}").returncode == 4
