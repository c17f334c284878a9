"""What goes wrong around a desk: a sentence with the next step, no record lost, nothing said that is not on disk."""
from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import shutil
from pathlib import Path

import pytest

from checks.form import read_form
from station import batch as batches
from station import papers
from station.audit import audit
from station.home import Home, RegisterError
from station.register import Register
from tests.station.evidence_kit import a_station
from tests.station.test_custody import BATCH, ONE, Say, decide, mend, read
from tests.station.test_custody import desk as desk
from tests.station.test_custody import say as say
from tests.station.test_story import disc

LATER = "2099-01-01T00:00:00Z"
BY = ("--by", "张伟")


def register_of(folder: Path) -> Path:
    return folder / "home" / "register" / "S1.jsonl"


def test_a_clock_set_back_is_said_before_anything_is_read(say: Say, desk: Path) -> None:
    Register(Home(desk / "home"), "S1", lambda: LATER).append("note", {"text": "the clock was ahead"})
    before = register_of(desk).read_bytes()
    for words in (("intake", desk / ONE, "--form", desk / "form.csv", "--carrier", ONE), ("receive", BATCH, *BY),
                  ("receive", BATCH, *BY, "--receipt"), ("audit", "--lock-page")):
        done = say(*words)
        assert done.code == 4 and LATER in done.err and "station event - clock" in done.err, words
    assert register_of(desk).read_bytes() == before and not list((desk / "home" / "intakes").glob("S1-*"))
    assert say("batch", BATCH).code == say("audit").code == 0
    compared = ("event", "-", "clock", "--source", "授时中心", "--offset", "0", *BY)
    assert say(*compared).code == 2                            # one person alone says nothing of a clock
    assert say(*compared, "--second", "李敏").code == 0
    assert say("receive", BATCH, *BY).code == 0 and say("audit").code == 0
    rows = register_of(desk).read_bytes().splitlines()
    forged = json.loads(rows[-1]) | {"at": "2001-01-01T00:00:00Z"}
    register_of(desk).write_bytes(b"".join(row + b"\n" for row in (*rows[:-1], json.dumps(forged).encode())))
    assert say("audit").code == 1


def test_a_home_that_cannot_be_written_is_still_read(say: Say, desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mend(desk)
    read(say, desk, ONE)
    before = register_of(desk).read_bytes()
    monkeypatch.setattr(os, "access", lambda path, mode: not mode & os.W_OK)
    monkeypatch.setattr("station.home._read_only", lambda folder: True)
    for words in (("batch", BATCH), ("register", "G001"), ("audit",), ("due",), ("attest", desk / ONE / "a.txt")):
        assert say(*words).code in (0, 1), words
    for words in (("receive", BATCH, *BY), ("intake", desk / ONE, "--form", desk / "form.csv"), ("print", "x"),
                  ("decide", BATCH, "--operator", "张伟", "--reviewer", "李敏"), ("batch", desk / "form.csv"),
                  ("audit", "--lock-page"), ("event", BATCH, "arrived", *BY)):
        done = say(*words)
        assert done.code == 4 and "只读" in done.err and not done.out, words
    assert register_of(desk).read_bytes() == before


def _open_many(folder: Path, home: Path, name: str) -> None:
    """Forms of one unit and year, opened one after another while another process does the same."""
    station = a_station(home)
    for number in range(8):
        form = folder / f"{name}{number}.md5"
        form.write_text(f"{ord(name):02x}{number:030x}  a.bin\n", encoding="utf-8")
        batches.open_batch(station, read_form(form), form, {"fonds_no": "J010", "unit_name": "某局", "year": "2026"})


def test_two_people_who_open_batches_at_one_moment_get_two_numbers(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_open_many, args=(tmp_path, tmp_path / "home", name)) for name in "ab"]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    home = Home(tmp_path / "home")
    numbers = [line["batch"] for line in Register(home, "S1").lines_of("batch")]
    assert sorted(numbers) == [f"J010-2026-{number:02d}" for number in range(1, 17)]
    assert audit(home).breaks == []


def test_a_decision_made_twice_at_one_moment_is_made_once(say: Say, desk: Path) -> None:
    """Two people weighed the batch before either wrote; the second is told, and nothing of the first is overwritten."""
    mend(desk)
    read(say, desk, *(f"{BATCH}-G00{n}-A" for n in (1, 2, 3)))
    station = a_station(desk / "home")
    weighed = papers.weigh(station, BATCH)
    assert decide(say).code == 0
    kept = {path: path.read_bytes() for path in (desk / "home" / "batches" / BATCH).iterdir()}
    with pytest.raises(RegisterError) as refusal:
        papers.decide(station, BATCH, papers.People("赵", "钱"), weighed=weighed)
    assert refusal.value.code == "number-just-taken"
    assert {path: path.read_bytes() for path in kept} == kept and audit(station.home).breaks == []


@pytest.fixture
def printed(say: Say, desk: Path) -> Path:
    mend(desk)
    read(say, desk, *(f"{BATCH}-G00{n}-A" for n in (1, 2, 3)))
    assert decide(say).code == 0
    return desk / "home"


def test_a_journal_cut_at_every_byte_of_its_last_line_is_never_taken_for_a_verdict(say: Say, printed: Path) -> None:
    station = a_station(printed)
    path = next((printed / "intakes").glob("S1-*-000001")) / "journal.jsonl"
    whole = path.read_bytes()
    for cut in range(whole[:-1].rfind(b"\n") + 1, len(whole)):
        path.write_bytes(whole[:cut])
        with pytest.raises(RegisterError) as refusal:
            batches.load_verdict(station, path.parent.name)
        assert refusal.value.code == "journal-altered"
    assert say("audit").code == 1 and say("batch", BATCH).code == 4
    path.write_bytes(whole)
    assert say("audit").code == 0


def test_a_paper_cut_at_any_byte_is_found_and_made_anew(say: Say, printed: Path) -> None:
    paper = printed / "batches" / BATCH / f"{BATCH}-J01.pdf"
    whole = paper.read_bytes()
    for cut in (*range(0, len(whole), 997), len(whole) - 1):
        paper.write_bytes(whole[:cut])
        assert {Path(found.path) for found in audit(Home(printed)).breaks} == {paper}
    assert say("print", f"{BATCH}-J01").code == 0              # again from the decision, marked as a reprint
    assert say("audit").code == 1                              # and the first print stays a break
    record = paper.with_suffix(".json")
    raw = record.read_bytes()
    for cut in range(0, len(raw), 499):
        record.write_bytes(raw[:cut])
        assert say("print", f"{BATCH}-J01").code == 4


def test_what_a_power_cut_leaves_beside_the_records_harms_nothing(say: Say, printed: Path) -> None:
    """The halves of files that were never named, and a batch's folder whose line was not written."""
    folder = printed / "batches" / BATCH
    (folder / f".{BATCH}-J02.pdf.4711.part").write_bytes(b"%PDF-1.4 half")
    assert say("batch", BATCH).code == say("print", f"{BATCH}-J01").code == say("audit").code == 0
    shutil.copy(folder / f"{BATCH}-J01.json", folder / f"{BATCH}-J02.json")      # a decision whose line never came
    found = say("audit")
    assert found.code == 1 and f"{BATCH}-J02.json" in found.out


def test_a_torn_register_line_is_mended_and_said_by_the_next_command(printed: Path, say: Say) -> None:
    path = printed / "register" / "S1.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"seq":99,"at":"2026')
    assert say("batch", BATCH).code == 0 and path.read_bytes().startswith(whole)      # looking at it mends nothing
    done = say("event", BATCH, "stamped", *BY)
    assert done.code == 0 and str(path) in done.err
    assert [row["type"] for row in Register(Home(printed), "S1").lines()][-2:] == ["repair", "event"]
    assert say("audit").code == 1


def test_a_printing_that_broke_off_is_completed_whole(say: Say, tmp_path: Path,
                                                      monkeypatch: pytest.MonkeyPatch) -> None:
    """`decide` again, or `print` of the certificate: what is missing, and nothing twice."""
    form = a_form(tmp_path / "form.csv", "J010-2026-01-G001-A", b"one")
    image = disc(tmp_path / "one", "J010-2026-01-G001-A", {"a.bin": b"one"})
    assert say("intake", image, "--form", form).code == 0
    for again in (("decide", BATCH, "--operator", "张伟", "--reviewer", "李敏"), ("print", f"{BATCH}-J01")):
        shutil.copytree(tmp_path / "home", tmp_path / again[0])
        monkeypatch.setenv("STATION_HOME", str(tmp_path / again[0]))
        with monkeypatch.context() as patch:
            patch.setattr("station.papers.draw_certificate", _full)
            assert say("decide", BATCH, "--operator", "张伟", "--reviewer", "李敏").code == 4
        other = say("decide", BATCH, "--operator", "赵", "--reviewer", "钱")
        assert other.code == 2 and "station print" in other.err
        done = say(*again)
        assert done.code == 0 and f"{BATCH}-J01" in done.out and f"{BATCH}-L01" in done.out
        prints = [line["number"] for line in Register(Home(tmp_path / again[0]), "S1").lines_of("print")]
        assert prints == [f"{BATCH}-J01", f"{BATCH}-L01"] and say("audit").code == 0


def _full(*_: object) -> tuple[str, ...]:
    raise RegisterError("home-full", path="x", reason="y")


def a_form(path: Path, number: str, content: bytes, *more: str) -> Path:
    rows = ["单位名称,某局,全宗号,J010,年度,2026", "载体(包)编号,文件名,MD5",
            f"{number},a.bin,{hashlib.md5(content).hexdigest()}", *more]
    path.write_text("\n".join(rows), encoding="utf-8")
    return path


def test_a_form_like_that_of_an_open_batch_opens_no_second_one_by_itself(say: Say, tmp_path: Path) -> None:
    number = f"{BATCH}-G001-A"
    first = a_form(tmp_path / "form.csv", number, b"wrong")
    image = disc(tmp_path / "one", number, {"a.bin": b"one"})
    assert say("intake", image, "--form", first).code == 1
    corrected = a_form(tmp_path / "corrected.csv", number, b"one")
    before = register_of(tmp_path).read_bytes()
    intake = next((tmp_path / "home" / "intakes").glob("S1-*")).name
    for words in (("intake", image, "--form", corrected), ("recompare", intake, "--form", corrected),
                  ("batch", corrected)):
        done = say(*words)
        assert done.code == 2 and f"--number {BATCH}" in done.err and "--number new" in done.err and number in done.err
    assert register_of(tmp_path).read_bytes() == before
    assert say("batch", corrected, "--number", BATCH, "--json").answer["batch"] == BATCH
    assert say("recompare", intake, "--form", corrected).code == 0
    assert decide(say).answer["outcome"] == "passed"
    other = a_form(tmp_path / "next.csv", number, b"next year")
    assert say("batch", other, "--json").answer["batch"] == "J010-2026-02"      # the first is done: no question
    third = a_form(tmp_path / "third.csv", number, b"third")
    assert say("batch", third).code == 2
    assert say("batch", third, "--number", "new", "--json").answer["batch"] == "J010-2026-03"


def test_a_carrier_named_wrongly_on_the_command_line_is_mended_without_reading_again(say: Say, desk: Path) -> None:
    """The failure leaves the carrier that was named; the one that was read is here, in the attempt that was due."""
    three = f"{BATCH}-G003-A"
    (desk / "wrong").mkdir()
    bad = disc(desk / "wrong" / "disc", three, {"a.txt": b"not it", "b.txt": b"not it either"})
    assert say("intake", bad, "--form", desk / "form.csv").code == 1
    assert say("return", BATCH, "--carrier", three, "--reason", "R01", "--taker", "王芳", *BY).code == 0
    image = disc(desk / "right", three, {name: f"{three} {name}".encode() for name in ("a.txt", "b.txt")})
    failed = say("intake", image, "--form", desk / "form.csv", "--carrier", ONE)
    intake = max(path.name for path in (desk / "home" / "intakes").glob("S1-*"))
    assert failed.code == 1 and f"station recompare {intake} --form form.csv --carrier" in failed.out
    mended = say("recompare", intake, "--form", desk / "form.csv", "--carrier", three, "--json")
    assert (mended.code, mended.answer["attempt"], mended.answer["outcome"]) == (0, 2, "passed")
    shown = say("batch", BATCH, "--json").answer
    places = {each["carrier_no"]: (each["where"], each["attempt"]) for each in shown["carriers"]}
    assert places == {three: ("here", 2)}
    assert [r["outcome"] for r in shown["readings"]] == ["failed", "failed", "passed"]
    assert say("audit").code == 0
