"""One batch from its form to the store, as the README tells it, by commands alone: five discs, one damaged, one
exchanged with another unit's, one missing. The register that it ends with is then altered in every way."""
from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import zxingcpp
from PIL import Image

from labels.code import parsed
from tests.station.test_custody import GOOD, Done, Say
from tests.station.test_custody import say as say
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


@pytest.fixture
def place(tmp_path: Path) -> Path:
    form(tmp_path / "form.csv", "J010", "某局", NUMBERS)
    form(tmp_path / "other.csv", "J020", "二局", [STRAY])
    for name, number in (("one", ONE), ("two", TWO), ("three", THREE), ("four", FOUR), ("five", FIVE),
                         ("stray", STRAY)):
        disc(tmp_path / name, number)
    wrong = content(THREE)
    wrong["数据/002 登记.dat"] = b"x" + wrong["数据/002 登记.dat"][1:]
    disc(tmp_path / "damaged", THREE, wrong)
    return tmp_path


def act(say: Say, code: int, *words: object) -> Done:
    done = say(*words)
    assert done.code == code, (words, done)
    return done


def batch(say: Say) -> dict[str, Any]:
    answer: dict[str, Any] = act(say, 0, "batch", BATCH, "--json").answer
    return answer


def test_five_carriers_from_the_form_to_the_store(say: Say, place: Path) -> None:
    papers = place / "home" / "batches" / BATCH
    first_visit(say, place, papers)
    sent_back_and_exchanged(say, place, papers)
    all_are_good(say, place)
    decided(say, place, papers)
    asked_years_later(say, place, papers)


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
            if r["carrier_no"] == THREE] == [(THREE, 1, "failed"), (THREE, 2, "passed")]               # both stay


def asked_years_later(say: Say, place: Path, papers: Path) -> None:
    rows = act(say, 0, "register", "G003", "--json").answer
    assert [(row["outcome"], row["certificate"]) for row in rows] == [("failed", ""), ("passed", f"{BATCH}-J01")]
    assert act(say, 0, "audit").out
    for paper in ("T01", "S01", "J01", "L03"):                # a head from any sheet
        act(say, 0, "audit", "--against", papers / f"{BATCH}-{paper}.pdf")
    act(say, 1, "audit", "--against", "0123 4567 89ab cdef")
    lost = place / "copy.dat"
    lost.write_bytes(content(THREE)["数据/002 登记.dat"])
    assert f"{BATCH}-J01" in act(say, 0, "attest", lost, "--sheet").out
    act(say, 0, "attest", place / "three/disc.iso")
    act(say, 1, "attest", place / "damaged/disc.iso")
    act(say, 1, "attest", place / "stray/disc.iso")           # its batch is not decided
    code = code_on(papers / f"{BATCH}-J01.pdf", place)
    assert f"{BATCH}-J01" in act(say, 0, "attest", "--code", code).out
    act(say, 1, "attest", "--code", code.replace("J01|", "J02|"))
    summary = json.loads(act(say, 0, "register", "--summary", "--year", "2026", "--json").out)
    assert "R01" in json.dumps(summary)
    act(say, 0, "audit")
