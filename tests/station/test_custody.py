"""The desk through its commands: a batch of three carriers from expected to stored, and every act that is refused."""
from __future__ import annotations

import hashlib
import io
import json
import shutil
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from checks import catalogue
from station.__main__ import main
from station.config import Config, load_config
from station.custody import STATES
from station.desk import REASONS, RULES
from station.home import Home
from station.people import roster, secret_hash
from station.register import Register, Station
from station.words import Voice

BATCH = "J010-2026-01"
ONE, TWO, THREE = (f"{BATCH}-G00{n}-A" for n in (1, 2, 3))
GOOD = ("--scratches", "无", "--clean", "是", "--label", "齐全", "--case", "齐全")


class Done(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def answer(self) -> Any:
        return json.loads(self.out)


Say = Callable[..., Done]


@pytest.fixture
def say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Say:
    """The station's commands on a home of its own."""
    monkeypatch.setenv("STATION_HOME", str(tmp_path / "home"))
    return commands(monkeypatch)


def commands(monkeypatch: pytest.MonkeyPatch) -> Say:
    """The station's commands as somebody types them, in this process."""
    def command(*words: object, language: str = "zh") -> Done:
        monkeypatch.setenv("STATION_LANG", language)
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            try:
                code = main([str(word) for word in words])
            except SystemExit as end:
                code = int(end.code or 0)
        return Done(code, out.getvalue(), err.getvalue())
    return command


@pytest.fixture
def desk(tmp_path: Path, say: Say) -> Path:
    """Three packages, a form that names them, their batch opened. Package 2 has a file that is not the listed one."""
    rows = ["载体(包)编号,文件名,MD5"]
    for number in (ONE, TWO, THREE):
        folder = tmp_path / number
        folder.mkdir()
        for name in ("a.txt", "b.txt"):
            content = f"{number} {name}".encode()
            (folder / name).write_bytes(content)
            rows.append(f"{number},{name},{hashlib.md5(content).hexdigest()}")
    (tmp_path / TWO / "b.txt").write_bytes(b"wrong")
    (tmp_path / "form.csv").write_text("\n".join(rows), encoding="utf-8")
    opened = say("batch", tmp_path / "form.csv", "--fonds", "J010", "--unit", "某局", "--year", "2026", "--json").answer
    assert (opened["batch"], opened["state"]) == (BATCH, "registered")
    return tmp_path


def read(say: Say, desk: Path, *numbers: str) -> list[dict[str, Any]]:
    return [say("intake", desk / n, "--form", desk / "form.csv", "--carrier", n, "--json").answer for n in numbers]


def decide(say: Say, *more: str) -> Done:
    return say("decide", BATCH, "--operator", "张伟", "--reviewer", "李敏", "--json", *more)


def shown(say: Say) -> Any:
    return say("batch", BATCH, "--json").answer


def carrier(say: Say, number: str) -> dict[str, Any]:
    return next(c for c in shown(say)["carriers"] if c["carrier_no"] == number)


def mend(desk: Path) -> None:
    (desk / TWO / "b.txt").write_bytes(f"{TWO} b.txt".encode())


def lines(desk: Path, kind: str) -> list[dict[str, Any]]:
    rows = (desk / "home" / "register" / "S1.jsonl").read_text(encoding="utf-8").splitlines()
    return [row for row in map(json.loads, rows) if row["type"] == kind]


def test_from_expected_to_stored_with_a_return(say: Say, desk: Path) -> None:
    assert say("event", BATCH, "expected", "--due", "2026-12-01", "--by", "张伟").code == 0
    assert (shown(say)["state"], shown(say)["due"]) == ("agreed", "2026-12-01")
    assert say("event", BATCH, "arrived", "--carrier", ONE, TWO, THREE, "--by", "张伟").code == 0
    assert shown(say)["state"] == "arrived"
    received = say("receive", BATCH, "--by", "张伟", "--json")
    assert [e["carrier_no"] for e in received.answer] == [ONE, TWO, THREE]
    read(say, desk, ONE, TWO)
    assert shown(say)["state"] == "checking"                  # lines of the third are not answered yet
    read(say, desk, THREE)
    assert shown(say)["state"] == "review"
    first = decide(say)
    assert (first.code, first.answer["outcome"]) == (1, "partly")
    assert (shown(say)["state"], shown(say)["outcome"]) == ("printed", "partly")
    assert carrier(say, TWO)["attempt"] == 2

    back = say("return", BATCH, "--carrier", TWO, "--reason", "R01,R99", "--note", "封面破损", "--by", "张伟", "--json")
    assert back.answer[0]["facts"]["reasons"] == ["R01", "R99"]
    assert (carrier(say, TWO)["again"], carrier(say, TWO)["where"]) == (True, "here")
    assert say("return", BATCH, "--carrier", TWO, "--taker", "王芳", "--by", "张伟").code == 0
    assert carrier(say, TWO)["where"] == "away"
    assert say("receive", BATCH, "--carrier", TWO, "--by", "张伟").code == 0
    assert (shown(say)["state"], carrier(say, TWO)["again"]) == ("checking", False)
    mend(desk)
    assert [v["attempt"] for v in read(say, desk, TWO)] == [2]
    second = decide(say)
    assert (second.code, second.answer["number"]) == (0, f"{BATCH}-J02")
    assert sum(paper["kind"] == "label" for paper in first.answer["papers"] + second.answer["papers"]) == \
        sum(c["kind"] in ("disc", "disk", "tape") for c in shown(say)["carriers"])     # one each, of whichever decision

    assert say("event", BATCH, "stamped", "--by", "张伟").code == 0
    assert shown(say)["state"] == "stamped"
    scan = desk / "sheet.PDF"
    scan.write_bytes(b"%PDF scan")
    filed = say("event", BATCH, "scan", "--paper", f"{BATCH}-J02", "--scan", scan, "--by", "张伟", "--json").answer[0]
    kept = desk / "home" / filed["facts"]["scan_file"]
    assert kept.parent == desk / "home" / "batches" / BATCH and kept.read_bytes() == b"%PDF scan"
    assert filed["facts"]["scan_sha256"] == hashlib.sha256(b"%PDF scan").hexdigest()
    assert say("store", BATCH, "--place", "3-2-1", "--seal", "F7", "--by", "张伟").code == 0
    assert shown(say)["state"] == "stored"
    assert {(c["place"], c["seal_no"], c["sealed"]) for c in shown(say)["carriers"]} == {("3-2-1", "F7", True)}
    assert [r["outcome"] for r in shown(say)["readings"]] == ["passed", "failed", "passed", "passed"]    # both stay
    for language, word in (("zh", "已入库"), ("en", "in store")):
        told = say("batch", BATCH, language=language).out
        assert word in told and "张伟" in told and "R01" in told and "S1-2026-000002" in told
    assert say("audit").code == 0
    kept.write_bytes(b"%PDF other")
    assert say("audit").code == 1


def test_what_makes_no_sense_is_refused_in_one_sentence(say: Say, desk: Path) -> None:
    def refused(code: str, *words: object) -> None:
        before = len(lines(desk, "event"))
        for language in ("zh", "en"):
            done = say(*words, language=language)
            text = catalogue.words("errors", code, dict.fromkeys(
                ("carrier", "where", "place", "what", "fact", "events", "event", "carriers", "reason", "reasons",
                 "item", "answer", "words", "first", "second", "seal", "said", "batch", "line", "number", "day", "path",
                 "lists", "list", "intake", "digest", "name", "heads", "word"), "\0"))[language]
            start = text.split("\\x00")[0] or text.split("\\x00")[1]
            assert (done.code, start in done.err) == (2, True), (words, done)
        assert len(lines(desk, "event")) == before
    by = ("--by", "张伟")
    refused("event-unknown", "event", BATCH, "nonsense", *by)
    refused("event-needs", "event", BATCH, "arrived")
    refused("event-needs", "receive", BATCH)
    refused("event-needs", "event", BATCH, "expected", *by)
    refused("event-day", "event", BATCH, "expected", "--due", "1.12.2026", *by)
    refused("event-of-station", "event", BATCH, "clock", "--source", "s", "--offset", 0, *by, "--second", "李敏")
    refused("event-of-batch", "event", "-", "arrived", *by)
    refused("event-no-carrier", "event", BATCH, "expected", "--due", "2026-12-01", "--carrier", ONE, *by)
    refused("carrier-not-here", "event", BATCH, "appearance", *GOOD, *by)
    refused("stamp-not-printed", "event", BATCH, "stamped", *by)
    refused("nothing-to-supplement", "event", BATCH, "supplemented", "--note", "x", *by)
    refused("carrier-not-here", "return", BATCH, "--carrier", ONE, "--taker", "王芳", *by)
    say("receive", BATCH, "--carrier", ONE, TWO, THREE, *by)
    refused("carrier-is-here", "receive", BATCH, "--carrier", ONE, *by)
    read(say, desk, ONE, TWO, THREE)
    refused("carrier-unknown", "receive", BATCH, "--carrier", f"{BATCH}-G009-A", *by)
    refused("store-not-passed", "store", BATCH, "--carrier", ONE, "--place", "1", *by)
    refused("return-not-failed", "return", BATCH, "--carrier", ONE, "--reason", "R01", *by)
    assert decide(say).code == 1
    refused("return-not-failed", "return", BATCH, "--carrier", ONE, "--reason", "R01", *by)
    refused("words-forbidden", "return", BATCH, "--carrier", TWO, "--reason", "R99", "--note", "无病毒", *by)
    refused("event-reason-unknown", "return", BATCH, "--carrier", TWO, "--reason", "R77", *by)
    refused("event-reason-text", "return", BATCH, "--carrier", TWO, "--reason", "R99", *by)
    refused("event-needs", "return", BATCH, "--carrier", ONE, *by)
    refused("store-not-passed", "store", BATCH, "--carrier", ONE, TWO, "--place", "1", *by)      # none of the two
    refused("event-needs", "store", BATCH, "--carrier", ONE, *by)
    refused("exception-not-failed", "event", BATCH, "exception", "--carrier", ONE, "--reason", "x", *by)
    refused("carrier-not-sealed", "unseal", BATCH, "--carrier", ONE, "--witness", "王芳", *by)
    assert say("store", BATCH, "--carrier", ONE, "--place", "1", "--seal", "F1", *by).code == 0
    refused("carrier-in-store", "store", BATCH, "--carrier", ONE, "--place", "2", *by)
    refused("carrier-sealed", "event", BATCH, "sealed", "--carrier", ONE, "--seal", "F2", *by)
    refused("event-needs", "unseal", BATCH, "--carrier", ONE, *by)
    refused("same-person", "unseal", BATCH, "--carrier", ONE, "--witness", "张 伟", *by)
    refused("seal-differs", "unseal", BATCH, "--carrier", ONE, "--witness", "王芳", "--seal", "F2", *by)
    assert say("unseal", BATCH, "--carrier", ONE, "--witness", "王芳", "--seal", "F1", *by).code == 0
    say("return", BATCH, "--carrier", TWO, "--reason", "R01", *by)
    refused("return-twice", "return", BATCH, "--carrier", TWO, "--reason", "R01", *by)
    refused("paper-unknown", "event", BATCH, "scan", "--paper", "J99", "--scan", desk / "form.csv", *by)
    refused("scan-unreadable", "event", BATCH, "scan", "--paper", f"{BATCH}-J01", "--scan", desk / "none.pdf", *by)
    refused("same-person", "event", BATCH, "correction", "--line", 1, "--note", "x", *by)
    refused("correction-of-nothing", "event", BATCH, "correction", "--line", 1, "--note", "x", *by, "--second", "李敏")
    refused("appearance-answer", "event", BATCH, "appearance", "--carrier", TWO, "--scratches", "wu", *by)
    assert say("audit").code == 0                              # a refused act left no file behind


def test_a_disk_needs_its_seal_before_it_is_stored(say: Say, desk: Path) -> None:
    assert say("receive", BATCH, "--carrier", ONE, "--kind", "disk", "--by", "张伟").code == 0
    mend(desk)
    read(say, desk, ONE, TWO, THREE)
    assert decide(say).code == 0
    register = Register(Home(desk / "home"), "S1")
    verdict = next(v for v in register.lines_of("verdict") if v["carrier_no"] == ONE)
    own = ("seq", "at", "station", "type", "prev")
    register.append("verdict", {**{k: v for k, v in verdict.items() if k not in own}, "kind": "disk"})   # none is read
    unsealed = say("store", BATCH, "--carrier", ONE, "--place", "1", "--by", "张伟")
    assert unsealed.code == 2 and "封签" in unsealed.err
    assert say("store", BATCH, "--carrier", ONE, "--place", "1", "--seal", "F1", "--by", "张伟").code == 0


def test_a_corrected_act_no_longer_counts_and_stays_visible(say: Say, desk: Path) -> None:
    mend(desk)
    read(say, desk, ONE, TWO, THREE)
    decide(say)
    stored = say("store", BATCH, "--carrier", ONE, "--place", "1", "--by", "张伟", "--json").answer[0]
    assert say("event", BATCH, "correction", "--line", stored["seq"], "--note", "放错架", "--by", "张伟", "--second",
               "李敏").code == 0
    assert carrier(say, ONE)["where"] == "here"
    assert [e["corrected"] for e in shown(say)["events"] if e["event"] == "stored"] == [True]
    assert "已更正" in say("batch", BATCH).out


def test_what_is_to_be_supplemented_keeps_the_batch_open(say: Say, desk: Path) -> None:
    mend(desk)
    read(say, desk, ONE, TWO, THREE)
    assert say("event", BATCH, "supplement", "--due", "2026-12-24", "--note", "续表未盖章", "--by", "张伟").code == 0
    assert (shown(say)["state"], shown(say)["due"]) == ("supplement", "2026-12-24")
    assert "续表未盖章" in say("batch", BATCH).out
    stopped = decide(say)
    assert stopped.code == 3 and "2026-12-24" in stopped.err
    assert say("event", BATCH, "supplemented", "--note", "已重新盖章", "--by", "张伟").code == 0
    assert decide(say).code == 0


def test_appearance_answered_well_stands_in_its_cell(say: Say, desk: Path) -> None:
    mend(desk)
    read(say, desk, ONE, TWO, THREE)
    assert say("event", BATCH, "appearance", "--carrier", ONE, TWO, *GOOD, "--by", "赵磊").code == 0
    assert decide(say).code == 0
    decision = json.loads((desk / "home" / "batches" / BATCH / f"{BATCH}-J01.json").read_text(encoding="utf-8"))
    assert decision["appearance"] == f"{ONE}、{TWO}:无划痕、清洁、标签齐全、盒完好(赵磊);{THREE}:未检测"
    results = {v["carrier"]["number"]: c["result"] for v in decision["verdicts"] for c in v["checks"]
               if c["id"] == "appearance"}
    assert results == {ONE: "passed", TWO: "passed", THREE: "not_checked"}


@pytest.mark.parametrize(("answer", "code", "outcome"), [("accept", 0, "passed"), ("reject", 1, "partly")])
def test_a_defect_is_a_doubt_that_two_people_answer(say: Say, desk: Path, answer: str, code: int, outcome: str) -> None:
    mend(desk)
    verdicts = read(say, desk, ONE, TWO, THREE)
    say("event", BATCH, "appearance", "--carrier", ONE, *GOOD[2:], "--scratches", "有", "--note", "外圈", "--by",
        "赵磊")
    stopped = decide(say)
    assert stopped.code == 3 and "appearance-defect" in stopped.err
    better = say("event", BATCH, "appearance", "--carrier", ONE, *GOOD, "--by", "赵磊")
    assert better.code == 2 and "--second" in better.err       # nobody takes a negative answer back alone
    done = say("resolve", verdicts[0]["intake"], "appearance-defect", "--by", "张伟", "--confirmed-by", "李敏",
               "--answer", answer, "--reason", "不影响读取", "--scan", desk / "form.csv")
    assert done.code == 0, done.err
    decided = decide(say)
    assert (decided.code, decided.answer["outcome"]) == (code, outcome)
    decision = json.loads((desk / "home" / "batches" / BATCH / f"{BATCH}-J01.json").read_text(encoding="utf-8"))
    found = [f for v in decision["verdicts"] for f in v["findings"] if f["code"] == "appearance-defect"]
    assert [(f["facts"]["by"], f["facts"]["item"], f["severity"]) for f in found] == [("赵磊", "scratches", "doubt")]
    assert lines(desk, "verdict")[0]["outcome"] == "passed"     # the machine's verdict stays as it was
    assert (desk / "home" / lines(desk, "resolution")[0]["scan_file"]).read_bytes() == (desk / "form.csv").read_bytes()
    assert say("audit").code == 0


def test_two_people_take_a_negative_answer_back(say: Say, desk: Path) -> None:
    mend(desk)
    read(say, desk, ONE, TWO, THREE)
    say("event", BATCH, "appearance", "--carrier", ONE, "--scratches", "有", "--by", "赵磊")
    assert say("event", BATCH, "appearance", "--carrier", ONE, *GOOD, "--by", "赵磊", "--second", "李敏").code == 0
    assert decide(say).code == 0


def test_the_policy_weighs_appearance_and_what_may_be_unchecked(say: Say, desk: Path) -> None:
    config = desk / "station.toml"
    config.write_text('may_be_unchecked = ["safety", "quality", "health"]\n[appearance]\nscratches = "reject"\n')
    mend(desk)
    read(say, desk, ONE, TWO, THREE)
    unseen = decide(say, "--config", str(config))
    assert unseen.code == 3 and "外观未检查" in unseen.err
    assert decide(say, "--config", str(config), "--appearance", "").code == 3
    say("event", BATCH, "appearance", "--carrier", TWO, THREE, *GOOD, "--by", "赵磊")
    say("event", BATCH, "appearance", "--carrier", ONE, *GOOD[2:], "--scratches", "严重", "--by", "赵磊")
    decided = decide(say, "--config", str(config))
    assert (decided.code, decided.answer["outcome"]) == (1, "partly")      # nobody overrides a reject


@pytest.mark.parametrize(("text", "code"), [
    ('may_be_unchecked = ["accuracy"]', "config-never-unchecked"),
    ('may_be_unchecked = ["usability", "safety"]', "config-never-unchecked"),
    ('may_be_unchecked = ["completeness"]', "config-never-unchecked"),
    ('may_be_unchecked = ["virus"]', "config-unknown-key"), ('[appearance]\nscratch = "note"', "config-unknown-key"),
    ('[appearance]\nscratches = "fatal"', "config-unknown-key")])
def test_a_policy_that_gives_a_pass_away_is_refused(tmp_path: Path, text: str, code: str) -> None:
    path = tmp_path / "station.toml"
    path.write_text(text)
    with pytest.raises(Exception) as refusal:
        load_config(path)
    assert getattr(refusal.value, "code", "") == code


def test_a_second_certificate_names_the_first_and_an_exception(say: Say, desk: Path) -> None:
    read(say, desk, ONE, TWO, THREE)
    decide(say)
    assert say("event", BATCH, "exception", "--carrier", TWO, "--reason", "孤本", "--by", "馆长").code == 0
    assert say("store", BATCH, "--carrier", TWO, "--place", "9", "--by", "张伟").code == 0     # kept; it did not pass
    assert carrier(say, TWO)["outcome"] == "failed"
    (desk / ONE / "b.txt").write_bytes(b"bad copy")             # the unit brings another piece of the first
    assert read(say, desk, ONE)[0]["outcome"] == "failed"
    decide(say)
    decision = json.loads((desk / "home" / "batches" / BATCH / f"{BATCH}-J02.json").read_text(encoding="utf-8"))
    assert [(e["number"], e["outcome"], e["changed"]) for e in decision["earlier"]] == [
        (f"{BATCH}-J01", "partly", {ONE: "passed"})]
    assert [(e["carrier_no"], e["by"], e["reason"]) for e in decision["exceptions"]] == [(TWO, "馆长", "孤本")]
    assert "孤本" in say("batch", BATCH).out


def test_a_roster_names_who_may_act_and_how_it_was_known(say: Say, desk: Path) -> None:
    assert say("event", "-", "person", "--name", "张伟", "--by", "张伟").code == 0
    assert say("event", "-", "person", "--name", "李敏", "--badge", "B-4711", "--by", "张伟").code == 0
    stranger = say("event", "-", "person", "--name", "王五", "--by", "王五")
    assert stranger.code == 2 and "王五" in stranger.err
    assert say("event", "-", "person", "--name", "王五").code == 2           # and nobody adds himself in silence
    assert "B-4711" not in (desk / "home" / "register" / "S1.jsonl").read_text(encoding="utf-8")
    assert say("receive", BATCH, "--by", "路人").code == 2
    got = say("receive", BATCH, "--by", "B-4711", "--json").answer[0]
    assert (got["by"], got["method"]) == ("李敏", "token")
    mend(desk)
    read(say, desk, ONE, TWO, THREE)
    assert say("decide", BATCH, "--operator", "李敏", "--reviewer", "B-4711").code == 2       # the same person
    assert say("decide", BATCH, "--operator", "路人", "--reviewer", "B-4711").code == 2
    assert say("decide", BATCH, "--operator", "张伟", "--reviewer", "B-4711").code == 0
    decision = lines(desk, "decision")[0]
    assert (decision["operator"], decision["reviewer"], decision["methods"]) == ("张伟", "李敏", ["named", "token"])
    assert say("event", "-", "person", "--name", "张伟", "--left", "--by", "李敏").code == 0
    assert say("event", BATCH, "stamped", "--by", "张伟").code == 2


def test_a_pin_is_asked_on_the_terminal_only(say: Say, desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    station = Station(Config(), Home(desk / "home"), Register(Home(desk / "home"), "S1"))
    station.register.append("event", {"event": "person", "batch": "", "carrier_no": "", "by": "", "second": "",
                                      "method": "named", "on": "", "name": "张伟", "pin": secret_hash("2468")})
    assert roster(station)["张伟"].pin.startswith("scrypt$")
    nowhere = say("receive", BATCH, "--by", "张伟")
    assert nowhere.code == 2 and "口令" in nowhere.err
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    for typed, code in (("1357", 2), ("2468", 0)):
        monkeypatch.setattr("getpass.getpass", lambda prompt, typed=typed: typed)
        assert say("receive", BATCH, "--by", "张伟").code == code
    assert lines(desk, "event")[-1]["method"] == "pin"
    typed_twice = iter(("1234", "1235", "9876", "9876"))
    monkeypatch.setattr("getpass.getpass", lambda prompt: "2468" if "新" not in prompt and "再" not in prompt
                        else next(typed_twice))
    assert say("event", "-", "person", "--name", "李敏", "--pin", "--by", "张伟").code == 2
    assert say("event", "-", "person", "--name", "李敏", "--pin", "--by", "张伟").code == 0
    assert "9876" not in (desk / "home" / "register" / "S1.jsonl").read_text(encoding="utf-8")


def test_the_configured_language_is_spoken_where_the_environment_says_none(
        say: Say, desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = desk / "station.toml"
    config.write_text('language = "en"\n')
    said = []
    for language in (None, "zh"):
        monkeypatch.delenv("STATION_LANG", raising=False)
        if language:
            monkeypatch.setenv("STATION_LANG", language)
        out = io.StringIO()
        with redirect_stdout(out):
            assert main(["batch", BATCH, "--config", str(config)]) == 0
        said.append(out.getvalue())
    assert "Batch" in said[0] and "批次" in said[1] and "批次" not in said[0]
    config.write_text('language = "fr"\n')
    assert say("batch", BATCH, "--config", config).code == 2


def test_only_the_head_orders_an_exception(say: Say, desk: Path) -> None:
    say("event", "-", "person", "--name", "馆长", "--role", "head", "--by", "馆长")
    say("event", "-", "person", "--name", "张伟", "--by", "馆长")
    read(say, desk, ONE, TWO, THREE)
    words = ("event", BATCH, "exception", "--carrier", TWO, "--reason", "孤本", "--by")
    assert say(*words, "张伟").code == 2
    assert say(*words, "馆长").code == 0


def test_the_clock_of_a_verdict_is_the_day_s_comparison(say: Say, desk: Path) -> None:
    assert read(say, desk, ONE)[0]["clock"] == {"source": "system", "offset_seconds": None}
    clock = ("event", "-", "clock", "--source", "授时中心", "--offset", "-3", "--by", "张伟")
    assert say(*clock).code == 2                               # two people
    assert say(*clock, "--second", "李敏").code == 0
    assert read(say, desk, TWO)[0]["clock"] == {"source": "授时中心", "offset_seconds": -3}


def test_who_vouches_for_the_anchor_is_on_record(say: Say, desk: Path) -> None:
    words = ("intake", desk / ONE, "--form", desk / "form.csv", "--carrier", ONE, "--anchor", "P1", "--json")
    said = say(*words, "--by", "张伟")
    assert said.answer["people"] == ["张伟(认定比对依据P1)"] and "登录" not in said.err
    alone = say(*words)
    assert len(alone.answer["people"]) == 1 and "登录用户" in alone.err
    assert read(say, desk, TWO)[0]["people"] == []
    assert say(*words[:6], "--by", "赵磊", "--json").answer["people"] == ["赵磊(经办)"]
    say("event", "-", "person", "--name", "张伟", "--by", "张伟")
    assert say(*words).code == 2                               # a roster: a person of it, not an account


def test_a_stamped_list_raises_its_anchor(say: Say, desk: Path) -> None:
    source = desk / "listed"
    shutil.copytree(desk / ONE, source)
    text = "".join(f"{hashlib.md5(f.read_bytes()).hexdigest()}  {f.name}\n" for f in sorted(source.iterdir()))
    (source / "清单.md5").write_text(text, encoding="utf-8")
    first = say("intake", source, "--form", "carrier:清单.md5", "--json").answer
    assert (first["outcome"], first["reference"]["anchor"]) == ("undecided", "P4")
    intake, digest = first["intake"], hashlib.sha256(text.encode()).hexdigest()
    batch = say("batch", intake, "--fonds", "J011", "--unit", "乙局", "--year", "2026", "--json").answer["batch"]
    words = ("event", batch, "confirmed", "--intake", intake, "--list", "清单.md5", "--by", "张伟", "--second", "李敏")
    assert say(*words, "--sha256", "ab").code == 2
    assert say(*words, "--sha256", "0" * 64).code == 2
    assert say("recompare", intake, "--form", "carrier:清单.md5", "--json").answer["reference"]["anchor"] == "P4"
    assert say(*words, "--sha256", digest).code == 0
    again = say("recompare", intake, "--form", "carrier:清单.md5", "--json")
    assert (again.code, again.answer["reference"]["anchor"]) == (0, "P2")
    assert again.answer["people"] == ["张伟、李敏(认定比对依据P2)"]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_act_and_state_is_worded(language: str) -> None:
    voice = Voice(language)
    words = [*(f"event-{event}" for event in RULES), *(f"state-{state}" for state in STATES),
             *(f"reason-{code}" for code in REASONS),
             *(f"where-{where}" for where in ("expected", "here", "away", "store"))]
    assert all(voice.phrase(word) for word in words)
    for event, rule in RULES.items():
        for fact in (*rule.facts, "by"):
            text = catalogue.words("errors", "event-needs", {"what": event, "fact": fact})[language]
            assert "--" in text and event not in text.split() or language == "en"
