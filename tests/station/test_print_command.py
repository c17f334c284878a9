"""`station print` with its options: 空表, 套打, 退回通知单, 清单确认单, sheets of labels, test grid; all on record."""
from __future__ import annotations

import hashlib
import io
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pdfplumber
import pytest

from carriers.model import Refused
from checks.verdict import to_record
from labels.notices import Receipt
from station.audit import audit
from station.batch import record_json
from station.config import Config, load_config
from station.evidence import head_on
from station.home import Home, RegisterError
from station.notices import issue, label_sheet, next_number, reprint
from station.register import Register, Station
from tests.labels.paper_samples import sound
from tests.labels.test_notices import RECEIPT
from tests.station.test_commands import CONTENTS, a_package, station

CARRIER = "J010-2026-01-G001-A"


def lines(home: Path, kind: str = "print") -> list[dict[str, Any]]:
    rows = [json.loads(row) for row in (home / "register" / "S1.jsonl").read_text().splitlines()]
    return [row for row in rows if row["type"] == kind]


def text(path: Path) -> str:
    raw = subprocess.run(["pdftotext", "-raw", path, "-"], capture_output=True, check=True).stdout.decode()
    return "".join(raw.split())


def last_paper(home: Path) -> str:
    """The words of the last paper; whatever its kind, it is signed and bears the head that its line has."""
    line = lines(home)[-1]
    assert line["signed"] and line["head"] == head_on((home / line["file"]).read_bytes()), line["paper"]
    return text(home / line["file"])


@pytest.fixture
def returned(tmp_path: Path) -> Path:
    """A home with a batch whose one carrier failed: a file differs, one is missing."""
    source, form = a_package(tmp_path, CONTENTS)
    home = tmp_path / "home"
    (source / "c.bin").write_bytes(b"other")
    (source / "文书" / "一.txt").unlink()
    opened = station(home, "batch", form, "--fonds", "J010", "--unit", "某局", "--year", "2026")
    assert opened.returncode == 0, opened.stderr
    assert station(home, "print", "--blank", "J010-2026-01").returncode == 0
    assert station(home, "intake", source, "--form", form, "--carrier", CARRIER).returncode == 1
    done = station(home, "decide", "J010-2026-01", "--operator", "张伟", "--reviewer", "李敏", "--appearance", "完好")
    assert done.returncode == 1, done.stderr
    return home


def test_a_blank_an_overlay_and_a_return_notice_are_numbered_counted_and_whole(returned: Path) -> None:
    home = returned
    first, certificate = lines(home)
    assert (first["number"], first["paper"], first["edition"], first["copies"]) == (
        "J010-2026-01-B01", "blank", "zj-2010", 2)
    assert (certificate["number"], certificate["edition"]) == ("J010-2026-01-J01", "zj-2010")
    over = station(home, "print", "--overlay", "J010-2026-01-J01")
    assert over.returncode == 0 and "第2页起" in over.stderr
    assert "重打" not in last_paper(home) and "不合格" in last_paper(home)
    assert station(home, "print", "--overlay", "J010-2026-01-J01").returncode == 0
    assert "重打第1次" in last_paper(home) and lines(home)[-1]["reprint"] == 1
    assert station(home, "print", "J010-2026-01-J01").returncode == 0
    assert "重打第1次" in last_paper(home)                      # an overlay is no copy of the whole sheet
    assert station(home, "print", "--return", "J010-2026-01-J01", "--due", "2026年6月6日").returncode == 0
    said = last_paper(home)
    for part in ("J010-2026-01-T01", CARRIER, "第1次", "R01摘要不一致", "R04缺件", "2026年6月6日前", "某局"):
        assert part in said
    for number in ("J010-2026-01-T01", "J010-2026-01-B01"):
        assert station(home, "print", number).returncode == 0
        assert "重打第1次" in last_paper(home)
    for line in lines(home):
        assert hashlib.sha256((home / line["file"]).read_bytes()).hexdigest() == line["sha256"]
        assert (home / "outbox" / Path(line["file"]).name).is_file()
    assert station(home, "audit").returncode == 0


def test_reasons_that_people_give_stand_instead_and_bad_ones_are_refused(returned: Path) -> None:
    home, number = returned, "J010-2026-01-J01"
    before = len(lines(home))
    for reason, said in ((f"{CARRIER}=R99", "R99:说明"), (f"{CARRIER}=R77", "R77"), ("J9=R01", "J9"),
                         (CARRIER, CARRIER), (f"{CARRIER}=外观", "写法"), (f"{CARRIER}=R99:不是真实的", "真实")):
        done = station(home, "print", "--return", number, "--reason", reason)
        assert done.returncode == 2 and said in done.stderr, (reason, done)
    assert station(home, "print", "--return", "J010-2026-01-J09").returncode == 2
    assert len(lines(home)) == before
    done = station(home, "print", "--return", number, "--reason", f"{CARRIER}=R07,R99:盘盒破裂,有水渍")
    assert done.returncode == 0, done.stderr
    assert "R07外观损伤" in last_paper(home) and "R99其他:盘盒破裂,有水渍" in last_paper(home)
    assert "R01" not in last_paper(home)


def test_what_cannot_be_printed_is_said(returned: Path) -> None:
    home = returned
    for arguments in (("--blank", "J010-2026-09"), ("--overlay", "J010-2026-01-J09"), ("--confirmation", "S1-2026-9"),
                      ("--confirmation", "S1-2026-000001"), ("--labels", "J010-2026-01-J01", "--stock", "none"),
                      ("--labels", "J010-2026-01-J01", "--stock", "spine-20"), (), ("a", "--test-grid")):
        done = station(home, "print", *arguments)
        assert done.returncode == 2 and done.stderr.strip() and "Traceback" not in done.stderr, (arguments, done)


def test_the_edition_of_a_batch_is_that_of_the_sheet_its_unit_stamped(returned: Path, tmp_path: Path) -> None:
    home, other = returned, tmp_path / "station.toml"
    other.write_text('edition = "saac-2012"\n[overlay_offset_mm]\nHP = [1.0, -0.5]\n', encoding="utf-8")
    assert station(home, "print", "J010-2026-01-J01", "--config", other).returncode == 0
    assert "档案备份数据移交、接收检验表" in last_paper(home) and lines(home)[-1]["edition"] == "zj-2010"
    assert station(home, "print", "--overlay", "J010-2026-01-J01", "--printer", "HP", "--config", other).returncode == 0
    assert lines(home)[-1]["offset_mm"] == [1.0, -0.5] and lines(home)[-1]["edition"] == "zj-2010"
    assert station(home, "print", "--blank", "J010-2026-01", "--config", other).returncode == 0
    assert lines(home)[-1]["edition"] == "zj-2010"              # one batch, one edition
    assert station(home, "print", "--test-grid", "--printer", "HP", "--config", other).returncode == 0
    assert "右+1.0mm、下-0.5mm" in text(home / "outbox" / "test-grid.pdf")


def test_an_overlay_is_refused_where_the_form_was_corrected_after_the_blank(returned: Path, tmp_path: Path) -> None:
    home, corrected = returned, tmp_path / "corrected.md5"
    corrected.write_bytes((tmp_path / "list.md5").read_bytes() + b"\n")
    done = station(home, "batch", corrected, "--number", "J010-2026-01", "--unit", "改名局")
    assert done.returncode == 0, done.stderr
    assert station(home, "print", "--overlay", "J010-2026-01-J01").returncode == 0     # decided on the form as it was
    assert station(home, "print", "--blank", "J010-2026-01").returncode == 0
    done = station(home, "print", "--overlay", "J010-2026-01-J01")
    assert done.returncode == 2 and "J010-2026-01-B02" in done.stderr and "station print" in done.stderr


def test_a_batch_can_be_printed_in_the_other_edition(tmp_path: Path) -> None:
    source, form = a_package(tmp_path, CONTENTS)
    home, config = tmp_path / "home", tmp_path / "station.toml"
    config.write_text('edition = "saac-2012"\n', encoding="utf-8")
    station(home, "batch", form, "--fonds", "J010", "--unit", "某局", "--year", "2026")
    assert station(home, "intake", source, "--form", form, "--config", config).returncode == 0
    done = station(home, "decide", "J010-2026-01", "--operator", "甲", "--reviewer", "乙", "--config", config)
    assert done.returncode == 0, done.stderr
    line = lines(home)[0]
    assert line["edition"] == "saac-2012" and "电子档案移交与接收登记表" in text(home / line["file"])
    assert station(home, "print", "J010-2026-01-J01").returncode == 0
    assert "电子档案移交与接收登记表" in last_paper(home)
    done = station(home, "print", "--return", "J010-2026-01-J01")
    assert done.returncode == 2 and "没有不合格" in done.stderr


def test_a_list_on_the_carrier_is_confirmed_and_then_is_p2(tmp_path: Path) -> None:
    source, form = a_package(tmp_path, CONTENTS)
    shutil.move(form, source / "清单.md5")
    home = tmp_path / "home"
    assert station(home, "intake", source, "--form", "carrier:清单.md5").returncode == 3
    done = station(home, "print", "--confirmation", "S1-2026-000001".replace("2026", _year(home)))
    assert done.returncode == 0, done.stderr
    said, raw = last_paper(home), (source / "清单.md5").read_bytes()
    for part in ("清单.md5", f"{len(raw)}字节", "行数3", hashlib.md5(raw).hexdigest(), hashlib.sha256(raw).hexdigest(),
                 "文书/一.txt", "接收时确认"):
        assert part in said
    assert "--anchor P2" in done.stderr
    intake = lines(home, "verdict")[0]["intake"]
    again = station(home, "recompare", intake, "--form", "carrier:", "--anchor", "P2", "--json")
    assert json.loads(again.stdout)["reference"]["anchor"] == "P2"
    assert station(home, "print", lines(home)[0]["number"]).returncode == 0 and "重打第1次" in last_paper(home)
    assert station(home, "print", "--confirmation", intake, "--list", "no.md5").returncode == 2
    assert station(home, "audit").returncode == 0


def _year(home: Path) -> str:
    return str(lines(home, "verdict")[0]["intake"]).split("-")[1]


def test_a_notice_of_another_desk_is_issued_and_printed_again(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.prepare()
    here = Station(Config(), home, Register(home, "S1"))
    record = Receipt(next_number(here, "S", "S1-2026"), "", *(getattr(RECEIPT, name) for name in (
        "at", "receiving_org", "unit_name", "fonds_no", "carriers")))
    paper = issue(here, "receipt", "", record)
    assert paper.number == "S1-2026-S01" and paper.path.is_file() and next_number(here, "S", "S1-2026") == "S1-2026-S02"
    again, = reprint(here, paper.number)
    with pdfplumber.open(io.BytesIO(again.path.read_bytes())) as pdf:
        assert "重打第1次" in (pdf.pages[0].extract_text() or "")
    (home.register / "S1.jsonl").write_text("")
    with pytest.raises(RegisterError) as refused:
        issue(here, "receipt", "", record)
    assert refused.value.code == "number-taken"


def test_a_receipt_names_what_was_received_and_is_still_here(returned: Path) -> None:
    home = returned
    done = station(home, "print", "--receipt", "J010-2026-01")
    assert done.returncode == 2 and "station receive" in done.stderr
    register = Register(Home(home), "S1")

    def event(word: str, carrier: str, **facts: object) -> None:
        register.append("event", {"event": word, "batch": "J010-2026-01", "carrier_no": carrier, "by": "张三",
                                  "second": "", "method": "named", "on": "", **facts})
    event("received", "Y001-A", kind="disk", seal_no="FQ-7", deliverer="王芳")
    event("received", "Y002-A", kind="disk", deliverer="王芳")
    event("received", "Y003-A", kind="disk")
    event("returned", "Y002-A", taker="王芳")
    register.append("event", {"event": "correction", "batch": "J010-2026-01", "carrier_no": "", "line": _seq(home) - 1})
    assert station(home, "print", "--receipt", "J010-2026-01", "--due", "5月9日下午").returncode == 0
    said = last_paper(home)
    for part in ("J010-2026-01-S01", "Y001-A硬盘FQ-7", "送件人王芳", "收件人张三", "5月9日下午", "某局", "载体1件"):
        assert part in said
    assert "Y002" not in said and "Y003" not in said
    assert station(home, "print", "J010-2026-01-S01").returncode == 0 and "重打第1次" in last_paper(home)


def test_a_sheet_of_labels_bears_the_head_of_its_decision_also_when_printed_again(tmp_path: Path) -> None:
    home, decision = Home(tmp_path / "home"), sound()
    home.prepare()
    here = Station(Config(), home, Register(home, "S1"))
    place = home.batches / decision.batch / f"{decision.number}.json"
    place.parent.mkdir()
    place.write_bytes(record_json(to_record(decision)))
    head = here.register.append("decision", {
        "batch": decision.batch, "number": decision.number, "outcome": decision.outcome, "intakes": [],
        "decision_sha256": hashlib.sha256(place.read_bytes()).hexdigest(), "returned": []})
    paper = label_sheet(here, decision.number, "spine-20", 3)
    again, = reprint(here, paper.number)
    assert [head_on(each.path.read_bytes()) for each in (paper, again)] == [head] * 2
    assert [(line["head"], line["reprint"]) for line in lines(home.root)] == [(head, 0), (head, 1)]
    assert audit(home).breaks == []
    again.path.write_bytes(again.path.read_bytes().replace(b"/Keywords", b"/Keyw0rds"))
    assert [found.what for found in audit(home).breaks] == ["break-altered"]


def _seq(home: Path) -> int:
    return len((home / "register" / "S1.jsonl").read_text().splitlines())


def test_a_recorded_sample_is_printed_by_unit(returned: Path) -> None:
    home = returned
    intake = lines(home, "verdict")[0]["intake"]
    register = Register(Home(home), "S1")
    register.append("event", {"event": "stored", "batch": "J010-2026-01", "carrier_no": CARRIER, "by": "张三",
                              "place": "3-2-1", "seal_no": "FQ-9"})
    register.append("sample", {"number": "S1-2026-CJ01", "year": "2026", "share": "10%", "seed": "8f3a", "of": 7,
                               "by": "张三", "carriers": [{"batch": "J010-2026-01", "carrier_no": CARRIER,
                                                         "intake": intake}]})
    assert station(home, "print", "--sampling", "S1-2026-CJ01").returncode == 0
    said = last_paper(home)
    for part in ("某局(全宗号J010)1件", CARRIER, "J010-2026-01-J01", "3-2-1", "FQ-9", "应抽检载体7件,按10%抽取"):
        assert part in said
    assert station(home, "print", "--sampling", "S1-2026-CJ09").returncode == 2
    assert station(home, "audit").returncode == 0


def test_a_tape_s_bar_code_is_printed_once(tmp_path: Path) -> None:
    home = tmp_path / "home"
    done = station(home, "print", "--tape", "J01001L8", "J01002L8")
    assert done.returncode == 0, done.stderr
    line = lines(home)[-1]
    assert (line["paper"], line["record"]["volsers"]) == ("tape-labels", ["J01001L8", "J01002L8"])
    assert "J01001L8" in last_paper(home) and line["number"].endswith("-M01")
    for serials in (("J01002L8",), ("J01003L8", "J01003L8"), ("j01004L8",)):
        assert station(home, "print", "--tape", *serials).returncode == 2
    assert len(lines(home)) == 1
    assert station(home, "print", line["number"]).returncode == 0 and "重打第1次" in last_paper(home)
    assert station(home, "audit").returncode == 0


@pytest.mark.parametrize("written", [
    'edition = "zj-1999"', "[overlay_offset_mm]\nHP = [1.0]", '[overlay_offset_mm]\nHP = ["a", 1]',
    "[overlay_offset_mm]\nHP = [99, 0]", "[overlay_offset_mm]\nHP = [true, 0]", "[overlay_offset_mm]\nHP = [nan, 0]",
    "[label_stocks]\nx = 3", "[label_stocks.x]\ncolumns = 2.5\nrows = 1\nleft = 1\ntop = 1\nwidth = 1\nheight = 1\n"
    "pitch_x = 1\npitch_y = 1", "[label_stocks.x]\ncolumns = 2", "[label_stocks.x]\ncolumns = 2\nrows = inf\nleft = 1\n"
    "top = 1\nwidth = 1\nheight = 1\npitch_x = 1\npitch_y = 1"])
def test_measures_that_cannot_be_are_refused_with_their_key(tmp_path: Path, written: str) -> None:
    path = tmp_path / "station.toml"
    path.write_text(written, encoding="utf-8")
    with pytest.raises(Refused) as refused:
        load_config(path)
    assert refused.value.code == "config-bad-value"
    assert refused.value.facts["key"].split(".")[0] in written
