"""One batch from its form to the store, as the README tells it, by commands alone: five discs, one damaged, one
exchanged with another unit's, one missing. The register that it ends with is then altered in every way."""
from __future__ import annotations

import hashlib
import json
import random
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import zxingcpp
from PIL import Image

from labels.code import parsed
from station import audit as audits
from station.audit import audit
from station.evidence import issue, lock, ready_signer
from station.home import Home, append_durably
from station.register import Register
from tests.station.evidence_kit import a_drawing, a_station
from tests.station.test_custody import GOOD, Done, Say, commands
from tests.vectors_kit import genisoimage

BATCH, OTHER = "J010-2026-01", "J020-2026-01"
NUMBERS = [f"{BATCH}-G00{n}-A" for n in range(1, 6)]
ONE, TWO, THREE, FOUR, FIVE = NUMBERS
STRAY = f"{OTHER}-G002-A"                      # lies in the case of TWO


def content(number: str) -> dict[str, bytes]:
    return {f"数据/{n:03d} 登记.dat": hashlib.shake_128(f"{number} {n}".encode()).digest(5000 + n) for n in (1, 2, 3)}


def disc(folder: Path, number: str, files: dict[str, bytes] | None = None) -> Path:
    folder.mkdir()
    return genisoimage(folder, files or content(number), label=number.replace("-", "_"))


def form(path: Path, fonds: str, unit: str, numbers: list[str]) -> Path:
    rows = ["电子文件和数字档案备份情况表(续表)", f"单位名称,{unit},全宗号,{fonds},年度,2026",
            "载体(包)编号,文件名,MD5"]
    rows += [f"{number},{name},{hashlib.md5(raw).hexdigest()}"
             for number in numbers for name, raw in content(number).items()]
    path.write_text("\n".join(rows), encoding="utf-8")
    return path


def words_of(pdf: Path) -> str:
    text = subprocess.run(["pdftotext", "-layout", pdf, "-"], check=True, capture_output=True, text=True).stdout
    return "".join(text.split())


def code_on(pdf: Path, folder: Path) -> str:
    """The text of the 2-D code on the first page, as a reader at a counter sees it."""
    subprocess.run(["pdftoppm", "-r", "200", "-png", "-singlefile", pdf, folder / "page"], check=True)
    with Image.open(folder / "page.png") as picture:
        text, = {code.text for code in zxingcpp.read_barcodes(picture) if parsed(code.text)}
    return str(text)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two forms and what is brought for them."""
    folder = tmp_path_factory.mktemp("story")
    form(folder / "form.csv", "J010", "某局", NUMBERS)
    form(folder / "other.csv", "J020", "二局", [STRAY])
    for name, number in (("one", ONE), ("two", TWO), ("three", THREE), ("four", FOUR), ("five", FIVE),
                         ("stray", STRAY)):
        disc(folder / name, number)
    wrong = content(THREE)
    wrong["数据/002 登记.dat"] = b"x" + wrong["数据/002 登记.dat"][1:]
    disc(folder / "damaged", THREE, wrong)
    return folder


@pytest.fixture(scope="module")
def told(place: Path) -> Iterator[Path]:
    """The home in which the whole story has come to its end."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STATION_HOME", str(place / "home"))
        say, papers = commands(patch), place / "home" / "batches" / BATCH
        first_visit(say, place, papers)
        sent_back_and_exchanged(say, place, papers)
        all_are_good(say, place)
        decided(say, place, papers)
        yield place / "home"


def act(say: Say, code: int, *words: object) -> Done:
    done = say(*words)
    assert done.code == code, (words, done)
    return done


def batch(say: Say) -> dict[str, Any]:
    answer: dict[str, Any] = act(say, 0, "batch", BATCH, "--json").answer
    return answer


def first_visit(say: Say, place: Path, papers: Path) -> None:
    """Four discs are brought; one of them is another unit's, one is damaged."""
    by = ("--by", "张伟")
    opened = act(say, 0, "batch", place / "form.csv").out
    assert f"station receive {BATCH}" in opened and "station intake" in opened and FOUR in opened
    act(say, 0, "event", BATCH, "expected", "--due", "2026-12-01", *by)
    act(say, 0, "print", "--blank", BATCH)
    said = act(say, 0, "receive", BATCH, "--carrier", ONE, TWO, THREE, FIVE, "--deliverer", "王芳", *by,
               "--receipt", "--due", "2026-12-02").out
    receipt = words_of(papers / f"{BATCH}-S01.pdf")
    assert f"{BATCH}-S01" in said and FOUR not in receipt
    assert all(word in receipt for word in (TWO, "王芳", "张伟", "2026-12-02"))
    assert FOUR in act(say, 0, "intake", place / "one/disc.iso", "--form", place / "form.csv").out
    stray = act(say, 3, "intake", place / "stray/disc.iso", "--form", place / "form.csv").out
    assert "station recompare S1-2026-000002 --form" in stray and "J020" in stray
    failed = act(say, 1, "intake", place / "damaged/disc.iso", "--form", place / "form.csv").out
    assert f"station print --return {BATCH}" in failed and f"--carrier {THREE} --reason R01" in failed
    act(say, 0, "intake", place / "five/disc.iso", "--form", place / "form.csv")
    refused = act(say, 3, "decide", BATCH, "--operator", "张伟", "--reviewer", "李敏")
    assert "S1-2026-000002" in refused.err and not list(papers.glob("*-J0*"))


def sent_back_and_exchanged(say: Say, place: Path, papers: Path) -> None:
    """The failed disc goes back with its notice while the batch is open; the stray one is found to be the other's."""
    by = ("--by", "张伟")
    act(say, 0, "print", "--return", BATCH, "--due", "2026-12-10")
    notice = words_of(papers / f"{BATCH}-T01.pdf")
    assert THREE in notice and "R01" in notice and "尚未审定" in notice and ONE not in notice
    act(say, 2, "return", BATCH, "--carrier", ONE, "--reason", "R01", "--taker", "王芳", *by)     # it passed
    act(say, 0, "return", BATCH, "--carrier", THREE, "--reason", "R01", "--taker", "王芳", *by)
    act(say, 2, "return", BATCH, "--carrier", THREE, "--reason", "R01", *by)
    assert THREE in act(say, 0, "batch", BATCH).out.splitlines()[-2]
    moved = act(say, 0, "recompare", "S1-2026-000002", "--form", place / "other.csv").out
    assert f"station decide {OTHER}" in moved
    assert [r["replaced"] for r in batch(say)["readings"]] == [False, True, False, False]
    received, = (e["seq"] for e in batch(say)["events"] if e["event"] == "received" and e["carrier_no"] == TWO)
    act(say, 0, "event", BATCH, "correction", "--line", received, "--note", "盒中是二局的盘", *by, "--second", "李敏")


def all_are_good(say: Say, place: Path) -> None:
    """The right disc, the one made anew under its old number, and at last the missing one."""
    by = ("--by", "张伟")
    act(say, 0, "receive", BATCH, "--carrier", TWO, THREE, *by)
    act(say, 0, "intake", place / "two/disc.iso", "--form", place / "form.csv")
    still = act(say, 3, "decide", BATCH, "--operator", "张伟", "--reviewer", "李敏").err
    assert THREE in still                                     # brought again and not read: its old failure waits
    again = act(say, 0, "intake", place / "three/disc.iso", "--form", place / "form.csv", "--json").answer
    assert (again["carrier"]["number"], again["attempt"], again["outcome"]) == (THREE, 2, "passed")
    assert FOUR in act(say, 3, "decide", BATCH, "--operator", "张伟", "--reviewer", "李敏").err
    twice = act(say, 1, "intake", place / "three/disc.iso", "--form", place / "form.csv", "--carrier", FOUR).out
    assert "carrier-known" in twice                            # the one that was just read, in another's name
    act(say, 0, "recompare", max(path.name for path in (place / "home/intakes").glob("S1-*")),
        "--form", place / "form.csv", "--carrier", THREE)
    act(say, 0, "receive", BATCH, "--carrier", FOUR, *by)
    assert f"station decide {BATCH}" in act(say, 0, "intake", place / "four/disc.iso", "--form", place / "form.csv").out
    act(say, 0, "event", BATCH, "appearance", "--carrier", *NUMBERS, *GOOD, *by)
    assert batch(say)["state"] == "review"


def decided(say: Say, place: Path, papers: Path) -> None:
    by = ("--by", "张伟")
    act(say, 2, "decide", BATCH, "--operator", "张伟", "--reviewer", "张伟")
    said = act(say, 0, "decide", BATCH, "--operator", "张伟", "--reviewer", "李敏").out
    assert f"station event {BATCH} stamped" in said and f"station store {BATCH}" in said
    sheet = words_of(papers / f"{BATCH}-J01.pdf")
    assert all(word in sheet for word in ("检验合格,同意接收。", *NUMBERS, "S1-2026-000003,R01", "第2次报送", "(P3)"))
    assert len(list(papers.glob("*-L0?.pdf"))) == 5 == len(list((place / "home" / "outbox").glob("*-L0?.pdf")))
    act(say, 0, "event", BATCH, "stamped", *by)
    (place / "sheet.pdf").write_bytes(b"%PDF scan")
    act(say, 0, "event", BATCH, "scan", "--paper", f"{BATCH}-J01", "--scan", place / "sheet.pdf", *by)
    act(say, 0, "store", BATCH, "--place", "3-2-1", "--seal", "F7", *by)
    assert batch(say)["state"] == "stored"
    assert [(r["carrier_no"], r["attempt"], r["outcome"]) for r in batch(say)["readings"]
            if r["carrier_no"] == THREE] == [(THREE, 1, "failed"), (THREE, 2, "passed"), (THREE, 2, "passed")]


def test_five_carriers_from_the_form_to_the_store(told: Path, place: Path, tmp_path: Path,
                                                  monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked years later: what became of it, is this content ours, is this paper ours, is it all still so."""
    home = shutil.copytree(told, tmp_path / "home")
    monkeypatch.setenv("STATION_HOME", str(home))
    say, papers = commands(monkeypatch), home / "batches" / BATCH
    rows = act(say, 0, "register", "G003", "--json").answer
    assert [(row["outcome"], row["certificate"]) for row in rows] == [
        ("failed", ""), ("passed", f"{BATCH}-J01"), ("failed", ""), ("passed", f"{BATCH}-J01")]
    assert act(say, 0, "audit").out
    for paper in ("T01", "S01", "J01", "L03"):                # a head from any sheet
        act(say, 0, "audit", "--against", papers / f"{BATCH}-{paper}.pdf")
    act(say, 1, "audit", "--against", "0123 4567 89ab cdef")
    lost = tmp_path / "copy.dat"
    lost.write_bytes(content(THREE)["数据/002 登记.dat"])
    assert f"{BATCH}-J01" in act(say, 0, "attest", lost, "--sheet").out
    act(say, 0, "attest", place / "three/disc.iso")
    act(say, 1, "attest", place / "damaged/disc.iso")
    act(say, 1, "attest", place / "stray/disc.iso")           # its batch is not decided
    code = code_on(papers / f"{BATCH}-J01.pdf", tmp_path)
    assert f"{BATCH}-J01" in act(say, 0, "attest", "--code", code).out
    act(say, 1, "attest", "--code", code.replace("J01|", "J02|"))
    summary = json.loads(act(say, 0, "register", "--summary", "--year", "2026", "--json").out)
    assert "R01" in json.dumps(summary)
    act(say, 0, "audit")


# --- the end of the story, altered -----------------------------------------------------------------------------------

class Altered(NamedTuple):
    """A copy of the home, its register as it was, and the head that a sheet outside of the home bears."""

    home: Home
    register: Path
    whole: bytes
    head: str

    def is_whole(self, *heads: str) -> bool:
        return not audit(self.home, heads).breaks

    def found(self) -> tuple[bool, bool]:
        """Whether an audit finds anything, and whether it does with the head from outside."""
        what = {found.what for found in audit(self.home, (self.head,)).breaks}
        return bool(what - {"break-head"}), bool(what)


@pytest.fixture
def altered(told: Path, tmp_path: Path) -> Altered:
    home = Home(shutil.copytree(told, tmp_path / "home"))
    path = home.register / "S1.jsonl"
    copy = Altered(home, path, path.read_bytes(), Register(home, "S1").head())
    assert copy.is_whole() and copy.is_whole(copy.head)
    return copy


def chained(rows: list[bytes], begin: int) -> list[bytes]:
    """The lines from this one on with the hashes and numbers that make a sound chain of them again."""
    done = rows[:begin]
    for number, row in enumerate(rows[begin:], begin + 1):
        line = json.loads(row)
        line |= {"seq": number, "prev": hashlib.sha256(done[-1]).hexdigest() if done else "0" * 64}
        done.append(json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode())
    return done


def joined(rows: list[bytes]) -> bytes:
    return b"".join(row + b"\n" for row in rows)


def test_every_line_removed_moved_doubled_or_forged_is_found(altered: Altered, monkeypatch: pytest.MonkeyPatch) -> None:
    """Chained anew or not. Without a head from outside, the sheets in the home itself prove all before the last."""
    monkeypatch.setattr(audits, "paper_problem", lambda *_: "")         # signatures have a test of their own
    rows = altered.whole.splitlines()
    sealed = max(number for number, row in enumerate(rows) if json.loads(row)["type"] == "decision")
    for at, row in enumerate(rows):
        forged = row.replace(b'"station":"S1"', b'"station":"S1","x":0', 1)
        # the lines, and the first that is not as it was
        copies = [([*rows[:at], *rows[at + 1:]], at), ([*rows[:at], row, *rows[at:]], at + 1),
                  ([*rows[:at], forged, *rows[at + 1:]], at)]
        if at + 1 < len(rows):
            copies.append(([*rows[:at], rows[at + 1], row, *rows[at + 2:]], at))
        for copy, first in copies:
            altered.register.write_bytes(joined(copy))
            alone, with_head = altered.found()
            assert with_head and (alone or at >= len(rows) - 1), (at, copy[at])
            altered.register.write_bytes(joined(chained(copy, at)))
            alone, with_head = altered.found()
            assert with_head or first == len(rows), (at, copy[at])           # that is one line more at the end
            assert alone or first > sealed, (at, copy[at])


def test_a_tail_cut_or_forged_with_the_keys_is_found_by_the_sheets(altered: Altered) -> None:
    """Cut behind any line; and lines, locks and papers of the station's own key put in the place of what was cut."""
    rows = altered.whole.splitlines()
    papers = [number for number, row in enumerate(rows) if json.loads(row)["type"] in ("print", "decision")]
    for keep in range(len(rows)):
        altered.register.write_bytes(joined(rows[:keep]))
        assert not altered.is_whole(altered.head), keep
        assert not altered.is_whole() or keep > max(papers), keep
    keep = next(number for number, row in enumerate(rows) if json.loads(row)["type"] == "decision")
    for path in [altered.home.root / json.loads(rows[number])["file"] for number in papers if number > keep]:
        path.unlink()                                          # and every sheet that would speak of it
        (altered.home.outbox / path.name).unlink(missing_ok=True)
    (altered.home.batches / BATCH / f"{BATCH}-J01.json").unlink()
    for scan in altered.home.batches.glob("*/scan-*"):
        scan.unlink()
    altered.register.write_bytes(joined(rows[:keep]))
    station = a_station(altered.home.root)
    signer = ready_signer(station)
    head = station.register.append("note", {"text": "伪造"})
    lock(station, signer, head)
    issue(station, signer, altered.home.papers / "P1.pdf", a_drawing(head),
          {"number": "P1", "paper": "p", "head": head})
    assert altered.is_whole()                                  # but the sheets that other people have are not rebuilt
    assert not altered.is_whole(altered.head)


def test_bytes_altered_anywhere_are_found_where_they_are(altered: Altered, monkeypatch: pytest.MonkeyPatch) -> None:
    """A seeded sample of every file that a line vouches for, and of the register: flipped, a space put in, cut."""
    monkeypatch.setattr(audits, "paper_problem", lambda *_: "")
    draw = random.Random(4)
    files = [path for folder in (altered.home.register, altered.home.intakes, altered.home.batches)
             for path in sorted(folder.rglob("*")) if path.is_file() and not path.name.startswith(".")
             and path.name != "progress.jsonl"]
    assert {path.suffix for path in files} >= {".jsonl", ".zst", ".pdf", ".json", ".csv"}
    for path in files:
        raw = path.read_bytes()
        for at in draw.sample(range(len(raw)), min(len(raw), 24 if path == altered.register else 1)):
            for copy in (raw[:at] + bytes([raw[at] ^ 1 << draw.randrange(8)]) + raw[at + 1:],
                         raw[:at] + b" " + raw[at:], raw[:at]):
                path.write_bytes(copy)
                breaks = audit(altered.home, (altered.head,)).breaks
                assert breaks, (path, at)
                named = {Path(found.path).name for found in breaks}
                assert path.name in named or altered.register == path, (path, named)
        path.write_bytes(raw)
    assert altered.is_whole(altered.head)


def test_a_register_written_again_in_other_white_space_is_found(altered: Altered) -> None:
    rows = [json.loads(row) for row in altered.whole.splitlines()]
    for style in ({}, {"separators": (",", ":"), "ensure_ascii": True}, {"separators": (",", ":"), "sort_keys": True}):
        altered.register.write_text("".join(json.dumps(row, **{"ensure_ascii": False, **style}) + "\n" for row in rows),
                                    encoding="utf-8")
        assert not altered.is_whole()
    append_durably(altered.register, b"\n")
    altered.register.write_bytes(altered.whole.replace(b"\n", b"\r\n"))
    assert not altered.is_whole()
