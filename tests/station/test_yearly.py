"""The year: statistics in sentences, the 台账 as a workbook, the plan list, what is due, samples drawn again."""
import json
from collections.abc import Iterable
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import python_calamine
import xlsxwriter

from carriers.model import Refused
from checks.form import FormUnreadable
from station import ledger
from station.batch import UsageError
from station.config import Config
from station.home import Home
from station.ledger_book import Stamp, layout, published
from station.plans import import_plan, progress_of
from station.register import Register, Station
from station.sampling import after_years, draw, due_by, record, redraw, sample, schedule, share_of
from station.standing import read_books
from station.statistics import summarise
from station.words import Voice
from station.year_report import added, sentences
from tests.station.test_commands import CONTENTS, a_package, station

TODAY = date(2026, 11, 24)


class Desk:
    """A home whose register is written line by line, a minute a line."""

    def __init__(self, folder: Path) -> None:
        self.minutes = 0
        home = Home(folder)
        home.prepare()
        self.station = Station(Config(), home, Register(home, "S1", self.now))
        self.intakes = 0
        self.day = "2026-03-02"

    def now(self) -> str:
        self.minutes += 1
        return f"{self.day}T{self.minutes // 60:02d}:{self.minutes % 60:02d}:00Z"

    def on(self, day: str) -> None:
        self.day, self.minutes = day, 0

    def batch(self, number: str, carriers: Iterable[str], **fields: str) -> None:
        told = {"fonds_no": number.split("-")[0], "unit_name": f"{number.split('-')[0]}局", "year": "2026", **fields}
        self.station.register.append("batch", {
            "batch": number, "form_sha256": f"form {number}", "form_name": "f.xlsx", "form_file": "f.xlsx",
            "layout": "workbook", "encoding": "", "fields": told, "carriers": list(carriers), "lines": 1})

    def read(self, batch: str, carrier: str, outcome: str = "passed", **more: Any) -> str:
        self.intakes += 1
        intake = f"S1-2026-{self.intakes:06d}"
        self.station.register.append("verdict", {
            "intake": intake, "batch": batch, "attempt": 1, "replaces": "", "outcome": outcome, "carrier_no": carrier,
            "kind": "disc", "set_code": "A", "volume_label": "LABEL", "serial": "0042", "fingerprint": "",
            "medium": "DVD-R", "codes": [] if outcome == "passed" else ["digest-mismatch"], "unchecked": ["safety"],
            "files": 3, "bytes": 1000, "anchor": "P3", "form_sha256": f"form {batch}", "recheck_of": "",
            "content_sha256": f"content {intake}", **more})
        return intake

    def decide(self, batch: str, intakes: Iterable[str], returned: Iterable[str] = (), outcome: str = "") -> None:
        outcome = outcome or ("partly" if list(returned) else "passed")
        self.station.register.append("decision", {
            "batch": batch, "number": f"{batch}-J01", "outcome": outcome, "operator": "张伟", "reviewer": "李敏",
            "remark": "", "intakes": list(intakes), "returned": list(returned)})

    def accept(self, batch: str, *carriers: str, **more: Any) -> list[str]:
        intakes = [self.read(batch, carrier, **more) for carrier in carriers]
        self.decide(batch, intakes)
        return intakes

    def event(self, word: str, batch: str, carrier: str = "", **facts: Any) -> None:
        self.station.register.append("event", {"event": word, "batch": batch, "carrier_no": carrier, "by": "王芳",
                                               "second": "", "method": "named", **facts})


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "home")


def summary_of(desk: Desk, year: str = "2026") -> Any:
    return summarise(read_books(desk.station.home), year, "2026-11-24T00:00:00Z", TODAY)


# --- statistics ------------------------------------------------------------------------------------------------------

def test_the_sentences_of_the_haiyan_report(desk: Desk) -> None:
    desk.batch("J010-2026-01", ["G1"], layer="重点对象", data_form="电子业务数据", system_name="婚姻登记数据库",
               declared_gb="66.4MB", declared_original_gb="388MB", item_count="12,480件")
    desk.accept("J010-2026-01", "G1", bytes=69_625_446)
    desk.batch("J020-2026-01", ["G1"], layer="重点建设项目", data_form="档案数字化成果", system_name="海塘工程",
               volume_count="278", page_count="32000", declared_gb="1563.04MB")
    desk.accept("J020-2026-01", "G1", bytes=1_638_966_231)
    summary = summary_of(desk)
    text = "\n".join(sentences(summary, Voice("zh")))
    assert "共接收 2 家单位 2 批,载体 2 件(光盘 2;套别 A 2),文件 6 个,数据量 1.591GB(1,708,591,677 字节)" in text
    assert "重点对象·电子业务数据:1 家单位(J010局),1 批,载体 1 件,数据量 66.40MB(69,625,446 字节)。" in text
    assert "申报数(本站未核):12,480 件、数据量 66.40MB、未压缩前 388.00MB。" in text
    assert "J020局 海塘工程(批次 J020-2026-01):数据 1.526GB(1,638,966,231 字节)。" in text
    assert "申报数(本站未核):278 卷、32,000 页、数据量 1.526GB。" in text
    assert "一次检验合格 2 件,一次合格率 100.0%" in text and "未检测项:病毒 2" in text
    assert desk.station.register.head() in text
    english = "\n".join(sentences(summary, Voice("en")))
    assert "Accepted: 2 units, 2 batches, 2 carriers" in english and "278 volumes" in english


def test_content_is_counted_once(desk: Desk) -> None:
    desk.batch("J010-2026-01", ["A", "B", "C"])
    desk.accept("J010-2026-01", "A", "B", content_sha256="same")
    desk.batch("J010-2026-02", ["D"])
    desk.accept("J010-2026-02", "D", bytes=5000, repeated_bytes=700)
    desk.batch("J030-2026-01", ["E"])
    desk.accept("J030-2026-01", "E", bytes=300, repeated_bytes=300)      # of what that unit brought nothing is here
    total = summary_of(desk).total
    assert (total.carriers, total.bytes, total.net_bytes) == (4, 7300, 1000 + 4300 + 300)
    assert total.repeated_bytes == 1700


def test_returns_attempts_and_the_first_pass_rate(desk: Desk) -> None:
    desk.batch("J010-2026-01", ["G1", "G2", "G3"])
    one, two, three = (desk.read("J010-2026-01", f"G{n}", "passed" if n == 1 else "failed") for n in (1, 2, 3))
    desk.decide("J010-2026-01", [one, two, three], ["G2", "G3"])
    desk.event("return", "J010-2026-01", "G2", reasons=["R03"])
    first = summary_of(desk)
    assert (first.quality.decided, first.quality.first_pass, first.quality.returns) == (3, 1, 2)
    assert first.quality.reasons["R03"] == 1 and sum(first.quality.reasons.values()) == 2
    assert (first.partly, first.total.carriers, first.total.items) == (1, 1, None)
    again = desk.read("J010-2026-01", "G2", attempt=2)
    desk.decide("J010-2026-01", [one, again, three], ["G3"])                # not brought again: the same return
    second = summary_of(desk).quality
    assert (second.decided, second.first_pass, second.returns, second.still_returned) == (3, 1, 2, 1)
    assert second.attempts == {1: 1, 2: 1}


def test_a_verdict_that_waits_for_its_batch_is_counted_when_it_is_opened(desk: Desk) -> None:
    intake = desk.read("", "G1", form_sha256="form J010-2026-01")
    desk.batch("J010-2026-01", ["G1"])
    assert summary_of(desk).open_batches == 1
    desk.decide("J010-2026-01", [intake])
    assert summary_of(desk).total.carriers == 1


def test_another_year_is_another_summary_and_groups_add_up(desk: Desk) -> None:
    for number, year in (("J010-2025-09", "2025年度"), ("J010-2026-01", "2026"), ("J020-2026-01", "2026")):
        desk.batch(number, ["G1"], year=year, layer="必须登记", data_form="电子公文")
        desk.accept(number, "G1")
    assert summary_of(desk).total.carriers == 2
    every = summary_of(desk, "")
    assert [group.names for group in every.by_year] == [("2025",), ("2026",)]
    assert added(every.by_year).carriers == every.total.carriers == 3
    assert added(every.by_layer_form_unit).net_bytes == every.total.net_bytes


def test_lines_of_older_and_of_newer_stations_are_read(desk: Desk) -> None:
    desk.batch("J010-2026-01", ["G1"])
    desk.read("J010-2026-01", "G1")
    line = json.loads(desk.station.register.path.read_bytes().splitlines()[-1])
    old = {key: value for key, value in line.items() if key not in ("codes", "unchecked", "medium", "recheck_of", "seq",
                                                                   "at", "type", "prev", "station")}
    desk.station.register.append("verdict", {**old, "intake": "S1-2026-000009", "replaces": line["intake"]})
    desk.decide("J010-2026-01", ["S1-2026-000009"])
    desk.station.register.append("something-new", {"by": "王芳"})
    summary = summary_of(desk)
    assert (summary.quality.unchecked_unknown, summary.total.carriers) == (1, 1)
    assert "1 件的台账旧记录未载明" in "\n".join(sentences(summary, Voice("zh")))
    words = [row["event_type"] for row in ledger.rows(desk.station.home, read_books(desk.station.home), {},
                                                      Voice("zh").phrase)]
    assert words == ["预登记", "检验合格", "重新比对", "审定接收", "something-new"]


# --- the workbook ----------------------------------------------------------------------------------------------------

def exported(desk: Desk, path: Path, language: str = "zh") -> dict[str, list[list[Any]]]:
    books = read_books(desk.station.home)
    due = {each.accepted.reading.intake: each for each in schedule(desk.station, books)}
    with published(path, Stamp(language, "2026-11-24 10:00", "S1 head")) as book:
        book.table("ledger", layout()["ledger"], ledger.rows(desk.station.home, books, due, Voice(language).phrase))
    workbook = python_calamine.CalamineWorkbook.from_path(str(path))
    return {name: workbook.get_sheet_by_name(name).to_python() for name in workbook.sheet_names}


def test_the_ledger_has_a_row_per_carrier_and_event(desk: Desk, tmp_path: Path) -> None:
    desk.batch("J010-2026-01", ["G1", "G2"], layer="必须登记")
    good, bad = desk.read("J010-2026-01", "G1"), desk.read("J010-2026-01", "G2", "failed")
    desk.event("stored", "J010-2026-01", "G1", place="=1+1", seal_no="0007")
    desk.decide("J010-2026-01", [good, bad], ["G2"])
    [[title, *_], headings, *rows] = exported(desk, tmp_path / "out.xlsx")["台账"]
    assert title == "台账  截至 2026-11-24 10:00  台账 S1 head"
    column = {heading: at for at, heading in enumerate(headings)}
    assert [row[column["事件"]] for row in rows] == ["预登记", "检验合格", "检验不合格", "入库", "审定接收", "审定退回"]
    accepted, returned = rows[-2:]
    assert [row[column["序号"]] for row in rows] == [1, 2, 3, 4, 5, 5]
    assert accepted[column["登记日期"]].year == 2026 and accepted[column["下次检测日期"]].year == 2030
    assert (accepted[column["序列号/条码"]], accepted[column["封签号"]]) == ("0042", "0007")
    assert accepted[column["存放位置"]] == "=1+1"                            # a text, and no formula
    assert (accepted[column["数据量(字节)"]], returned[column["检验结论"]]) == (1000, "不合格")
    raw = desk.station.register.path.read_bytes().splitlines()
    before = [json.loads(line)["prev"] for line in raw]
    assert [row[column["上一条哈希"]] for row in rows] == [*before, before[-1]]
    assert rows[-1][column["本条哈希"]] == desk.station.register.head()


def test_the_ledger_in_english_and_hostile_text(desk: Desk, tmp_path: Path) -> None:
    desk.batch("J010-2026-01", ["G1"], unit_name="坏\x07\u202e局" + "长" * 40_000)
    desk.read("J010-2026-01", "G\udc80", volume_label="\x00\x1b[31m")
    rows = exported(desk, tmp_path / "out.xlsx", "en")["Register"]
    assert rows[1][:3] == ["No.", "Date", "Event"] and rows[3][2] == "checked: passed"
    assert rows[2][6].startswith("坏\\x07\\u202e局长") and "G\\x80" in rows[3]


def test_a_workbook_appears_whole_or_not_at_all(desk: Desk, tmp_path: Path) -> None:
    out = tmp_path / "out.xlsx"
    with pytest.raises(ZeroDivisionError), published(out, Stamp("zh", "", "")) as book:
        book.sentences("summary", ["一"])
        raise ZeroDivisionError
    assert [path.name for path in tmp_path.iterdir()] == ["home"]
    out.write_bytes(b"somebody's")
    with pytest.raises(Refused, match="output-exists"), published(out, Stamp("zh", "", "")):
        pass
    assert out.read_bytes() == b"somebody's"


def test_a_full_sheet_goes_on_on_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("station.ledger_book._ROWS", 5)
    with published(tmp_path / "out.xlsx", Stamp("zh", "", "")) as book:
        assert book.table("ledger", layout()["ledger"], ({"seq": n} for n in range(7))) == 7
    workbook = python_calamine.CalamineWorkbook.from_path(str(tmp_path / "out.xlsx"))
    parts = {name: [row[0] for row in workbook.get_sheet_by_name(name).to_python()[2:]]
             for name in workbook.sheet_names}
    assert parts == {"台账": [0, 1, 2], "台账 2": [3, 4, 5], "台账 3": [6]}


# --- the plan --------------------------------------------------------------------------------------------------------

HEADINGS = ["序号", "单位名称", "全宗号", "层 级", "数据形式", "计划批次", "应交日期", "联系人"]


def a_plan(path: Path, rows: list[list[Any]], title: str = "2026年度登记备份计划名册") -> Path:
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for at, row in enumerate([[title], HEADINGS, *rows]):
            for column, cell in enumerate(row):
                if isinstance(cell, date):
                    sheet.write_datetime(at, column, cell, day)
                else:
                    sheet.write(at, column, cell)
    return path


ROWS: list[list[Any]] = [
    [1, "甲局", "J010", "必须登记", "电子公文", 1, date(2026, 6, 30), "王芳"],
    [2, "甲局", "J010", "必须登记", "电子业务数据", "2批", "2026年9月底"],
    [3, "乙局", "J020", "", "", "", "12月31日"], [4, "丙局", "J030", "", "", "", "年底前"], ["合计", "", "", "", "", 5]]


def test_a_plan_is_read_kept_and_compared_with_what_came(desk: Desk, tmp_path: Path) -> None:
    year, rows, strange = import_plan(desk.station, a_plan(tmp_path / "plan.xlsx", ROWS), "")
    assert (year, strange) == ("2026", ["年底前"])
    assert [(r.batches, r.due_on) for r in rows] == [(1, "2026-06-30"), (2, "2026-09-30"), (1, "2026-12-31"), (1, "")]
    assert rows[0].notes == {"联系人": "王芳"} and rows[3].notes == {"应交日期": "年底前"}
    desk.batch("J010-2026-01", ["G1"], unit_name="甲局", layer="必须登记", data_form="电子公文")
    desk.accept("J010-2026-01", "G1", bytes=500)
    desk.batch("J010-2026-02", ["G1"], unit_name="甲局", layer="必须登记", data_form="电子业务数据")
    desk.accept("J010-2026-02", "G1")
    desk.batch("J020-2025-01", ["G1"], unit_name="乙局", year="2025")
    desk.accept("J020-2025-01", "G1")
    progress = progress_of(read_books(desk.station.home), "2026", TODAY)
    assert [(p.state, len(p.accepted), p.net_bytes) for p in progress] == [
        ("done", 1, 500), ("overdue", 1, 1000), ("undone", 0, 0), ("undone", 0, 0)]
    assert progress[0].completed_on == "2026-03-02"
    text = "\n".join(sentences(summary_of(desk), Voice("zh")))
    assert "列入计划名册的单位 3 家(4 项):已完成 0 家,未完成 3 家,其中逾期 1 家。" in text


def test_a_newer_plan_replaces_the_older_and_returned_batches_do_not_count(desk: Desk, tmp_path: Path) -> None:
    import_plan(desk.station, a_plan(tmp_path / "a.xlsx", ROWS), "")
    csv = tmp_path / "b.csv"
    csv.write_bytes("年度,单位名称,数据形式,应交日期\n2026,J010局,,2026/12/1\n".encode("gb18030"))
    import_plan(desk.station, csv, "")
    desk.batch("J010-2026-01", ["G1", "G2"])
    desk.decide("J010-2026-01", [desk.read("J010-2026-01", "G1"), desk.read("J010-2026-01", "G2", "failed")], ["G2"])
    [only] = progress_of(read_books(desk.station.home), "2026", TODAY)
    assert (only.row.unit_name, only.state, only.row.due_on) == ("J010局", "undone", "2026-12-01")


def test_a_merged_unit_counts_for_the_rows_under_it(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "plan.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["单位名称", "数据形式"])
        sheet.merge_range(1, 0, 2, 0, "甲局")
        sheet.write_column(1, 1, ["电子公文", "电子业务数据"])
        sheet.write_row(3, 1, ["档案数字化成果"])
    _, rows, _ = import_plan(desk.station, path, "2026")
    assert [(row.unit_name, row.data_form) for row in rows] == [("甲局", "电子公文"), ("甲局", "电子业务数据")]


@pytest.mark.parametrize(("content", "year", "code"), [
    ("单位名称,数据形式\n甲局,电子公文\n", "", "plan-year"), ("年度,单位名称\n2025,甲局\n2026,乙局\n", "", "plan-year"),
    ("年度,单位名称\n2025,甲局\n", "2026", "plan-year"), ("a,b\n1,2\n", "2026", "plan-layout"),
    ("单位名称,层级\n合计,\n", "2026", "plan-empty")])
def test_a_list_that_is_no_plan_leaves_no_line(desk: Desk, tmp_path: Path, content: str, year: str, code: str) -> None:
    path = tmp_path / "plan.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(UsageError, match=code):
        import_plan(desk.station, path, year)
    assert list(desk.station.register.lines()) == []


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04broken", "单位名称,层级\n甲局,\n".encode() + b"\xff"])
def test_a_broken_plan_is_a_sentence(desk: Desk, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "plan.xlsx"
    path.write_bytes(content)
    with pytest.raises(FormUnreadable):
        import_plan(desk.station, path, "2026")


# --- due and samples -------------------------------------------------------------------------------------------------

def a_store(desk: Desk, units: int = 4, carriers: int = 6) -> list[str]:
    intakes = []
    for year, kind in ((2024, "disc"), (2025, "tape")):
        for unit in range(units):
            desk.on(f"{year}-0{unit + 1}-10")
            number = f"J0{unit}0-{year}-01"
            desk.batch(number, [f"G{n}" for n in range(carriers)], year=str(year))
            intakes += desk.accept(number, *(f"G{n}" for n in range(carriers)), kind=kind)
    return intakes


def test_the_day_of_the_next_check(desk: Desk) -> None:
    assert after_years(date(2024, 2, 29), 4) == date(2028, 2, 28)
    desk.batch("J010-2026-01", ["G1", "G2", "G3", "G4"])
    disc, tape = desk.read("J010-2026-01", "G1"), desk.read("J010-2026-01", "G2", kind="tape")
    disk, gone = desk.read("J010-2026-01", "G3", kind="disk"), desk.read("J010-2026-01", "G4")
    desk.decide("J010-2026-01", [disc, tape, disk, gone])
    desk.event("returned", "J010-2026-01", "G4", taker="王芳")
    desk.event("stored", "J010-2026-01", "G1", place="1-2-3", seal_no="F1")
    every = schedule(desk.station, read_books(desk.station.home))
    assert [(d.accepted.reading.carrier_no, d.next_on) for d in every] == [
        ("G3", "2027-03-02"), ("G2", "2028-03-02"), ("G1", "2030-03-02")]
    assert (every[2].accepted.custody.place, every[2].accepted.custody.seal_no) == ("1-2-3", "F1")
    assert [d.accepted.reading.carrier_no for d in due_by(every, "2028-03-02")] == ["G3", "G2"]


def test_a_recheck_moves_the_day_and_a_failed_one_is_due_at_once(desk: Desk) -> None:
    desk.batch("J010-2026-01", ["G1", "G2", "G3"])
    intakes = desk.accept("J010-2026-01", "G1", "G2", "G3")
    desk.on("2026-10-01")
    for intake, carrier, outcome in zip(intakes, ("G1", "G2", "G3"), ("passed", "failed", "undecided"), strict=True):
        desk.read("J010-2026-01", carrier, outcome, recheck_of=intake, form_sha256="files")
    every = schedule(desk.station, read_books(desk.station.home))
    assert {d.accepted.reading.carrier_no: (d.next_on, d.last) for d in every} == {
        "G1": ("2030-10-01", "passed"), "G2": ("2030-03-02", "failed"), "G3": ("2030-03-02", "undecided")}
    assert [d.accepted.reading.carrier_no for d in due_by(every, "2026-12-31")] == ["G2"]
    assert summary_of(desk).total.carriers == 3                             # a re-check is no carrier more


@pytest.mark.parametrize(("text", "share"), [
    ("10%", Fraction(1, 10)), ("12.5 %", Fraction(1, 8)), ("0.2", Fraction(1, 5)), ("100%", Fraction(1))])
def test_shares(text: str, share: Fraction) -> None:
    assert share_of(text) == share


@pytest.mark.parametrize(("text", "code"), [("9.9%", "sample-small"), ("0.05", "sample-small"), ("", "sample-share"),
                                            ("110%", "sample-share"), ("ten", "sample-share"), ("1.5", "sample-share")])
def test_shares_that_are_none(text: str, code: str) -> None:
    with pytest.raises(UsageError, match=code):
        share_of(text)


def test_a_sample_has_its_share_of_every_kind_and_year_and_can_be_drawn_again(desk: Desk) -> None:
    a_store(desk)
    desk.on("2026-11-24")
    due = due_by(schedule(desk.station, read_books(desk.station.home)), "2030-01-01")
    drawn = draw(due, Fraction(1, 10), "seed")
    assert (len(due), len(drawn)) == (48, 6)                                # 24 discs and 24 tapes: ceil(2.4) of each
    assert {d.stratum for d in drawn} == {("disc", "2024"), ("tape", "2025")}
    assert draw(reversed(due), Fraction(1, 10), "seed") == drawn            # the order of the list is nothing
    assert draw(due, Fraction(1, 10), "other") != drawn
    units = [d.unit for d in drawn]
    assert units == sorted(units)


def test_a_recorded_sample_is_redrawn_from_the_register_as_it_was(desk: Desk) -> None:
    a_store(desk)
    desk.on("2026-11-24")
    head = desk.station.register.head()
    chosen = sample(desk.station, "10%", "", "2030-01-01")
    assert chosen.seed == head
    number = record(desk.station, chosen, "王芳")
    assert number == "S1-2026-CJ01"
    first, second = chosen.drawn[0].accepted.reading, chosen.drawn[1].accepted.reading
    desk.read(first.batch, first.carrier_no, "passed", recheck_of=first.intake, form_sha256="files", kind=first.kind)
    desk.read(second.batch, second.carrier_no, "failed", recheck_of=second.intake, form_sha256="files",
              kind=second.kind)
    again = redraw(desk.station, number)
    assert again.same and again.done == {first.intake, second.intake} and again.failed == {second.intake}
    sums = summary_of(desk, "2026").sampling
    assert (sums.samples, sums.due, sums.drawn, sums.done, sums.failed) == (1, 48, 6, 2, 1)
    with pytest.raises(UsageError, match="sample-unknown"):
        redraw(desk.station, "S1-2026-CJ02")


@pytest.mark.parametrize("last", ["passed", "failed", "undecided", ""])
def test_a_sample_stands_for_what_was_due_once_all_of_it_has_passed(desk: Desk, last: str) -> None:
    a_store(desk)
    desk.on("2026-11-24")
    chosen = sample(desk.station, "10%", "", "2028-02-20")                 # the discs of two units and all tapes so far
    number = record(desk.station, chosen, "王芳")
    desk.on("2026-12-01")
    drawn = [each.accepted.reading for each in chosen.drawn]
    for reading in drawn[1:]:
        desk.read(reading.batch, reading.carrier_no, recheck_of=reading.intake, form_sha256="files", kind=reading.kind)
    if last:
        desk.read(drawn[0].batch, drawn[0].carrier_no, last, recheck_of=drawn[0].intake, form_sha256="files",
                  kind=drawn[0].kind)
    every = schedule(desk.station, read_books(desk.station.home))
    covered = [each for each in every if each.sampled]
    assert len(covered) == (chosen.of - len(drawn) if last == "passed" else 0)
    assert {each.checked_on for each in covered} <= {"2026-12-01"} and {each.sampled for each in covered} <= {number}
    assert len(due_by(every, "2028-02-20")) == {"passed": 0}.get(last, chosen.of - len(drawn) + 1)
    assert redraw(desk.station, number).same


def test_a_sample_that_was_chosen_by_hand_is_told(desk: Desk) -> None:
    a_store(desk)
    desk.on("2026-11-24")
    chosen = sample(desk.station, "10%", "", "2030-01-01")
    number = record(desk.station, chosen, "王芳")
    path = desk.station.register.path
    *lines, last = path.read_bytes().splitlines()
    line = json.loads(last)
    drawn = {carrier["intake"] for carrier in line["carriers"]}
    other = next(d.accepted.reading for d in schedule(desk.station, read_books(desk.station.home))
                 if d.accepted.reading.intake not in drawn)
    line["carriers"][0] = {"batch": other.batch, "carrier_no": other.carrier_no, "intake": other.intake}
    path.write_bytes(b"".join(each + b"\n" for each in [*lines, json.dumps(line).encode()]))
    assert not redraw(desk.station, number).same


def test_a_sample_needs_something_due_and_a_person(desk: Desk) -> None:
    a_store(desk, 1, 1)
    with pytest.raises(UsageError, match="sample-nothing"):
        sample(desk.station, "10%", "", "2026-01-01")
    with pytest.raises(UsageError, match="sample-person"):
        record(desk.station, sample(desk.station, "10%", "s", "2030-01-01"), " ")


# --- the commands ----------------------------------------------------------------------------------------------------

def test_the_year_through_the_commands(tmp_path: Path) -> None:
    home, (source, form) = tmp_path / "home", a_package(tmp_path, CONTENTS)
    assert station(home, "register", "--summary").returncode == 4            # no register is there yet
    assert station(home, "due").returncode == 4
    opened = station(home, "batch", form, "--fonds", "J010", "--unit", "甲局", "--year", "2026", "--json")
    number = json.loads(opened.stdout)["batch"]
    assert station(home, "intake", source, "--form", form).returncode == 0
    line = json.loads((home / "register" / "S1.jsonl").read_bytes().splitlines()[-1])
    assert line["codes"] == [] and "safety" in line["unchecked"] and line["medium"] == ""
    assert station(home, "decide", number, "--operator", "张伟", "--reviewer", "李敏").returncode == 0
    plan = station(home, "register", "--plan", a_plan(tmp_path / "plan.xlsx", ROWS))
    assert plan.returncode == 0 and "年底前" in plan.stderr
    summary = json.loads(station(home, "register", "--summary", "--year", "2026", "--json").stdout)
    assert summary["total"]["carriers"] == 1 and [row["state"] for row in summary["plan"]].count("done") == 1
    told = station(home, "register", "--summary", "--year", "2026")
    assert "已完成" in told.stdout and "甲局" in told.stdout
    out = tmp_path / "台账.xlsx"
    assert station(home, "register", "--export", out, language="en").returncode == 0
    assert station(home, "register", "--export", out).returncode == 2        # never overwritten
    searched = tmp_path / "some.xlsx"
    assert station(home, "register", "甲局", "合格", "--export", searched, "--year", "1999").returncode == 0
    [[title, *_], _] = python_calamine.CalamineWorkbook.from_path(str(searched)).get_sheet_by_name("台账").to_python()
    assert title.startswith("台账(1999年)(查询“甲局 合格”)")
    workbook = python_calamine.CalamineWorkbook.from_path(str(out))
    assert workbook.sheet_names == ["Register", "Summary", "By class", "Accepted batches", "Plan", "Due for re-check"]
    assert station(home, "register", "--summary", "--year", "26").returncode == 2
    assert station(home, "due", "--by", "tomorrow").returncode == 2
    due = station(home, "due", "--by", "2099-01-01")
    assert due.returncode == 0 and "甲局(全宗 J010):1 件" in due.stdout and "应交未交" not in due.stdout
    tried = station(home, "due", "--by", "2099-01-01", "--sample", "10%", "--json")
    assert json.loads(tried.stdout)["number"] == ""
    drawn = station(home, "due", "--by", "2099-01-01", "--sample", "10%", "--by-name", "王芳", "--json")
    number = json.loads(drawn.stdout)["number"]               # of the year in which it was drawn
    assert number == f"S1-{date.today():%Y}-CJ01"
    assert json.loads(drawn.stdout)["carriers"] == json.loads(tried.stdout)["carriers"]
    assert station(home, "due", "--redo", number).returncode == 0
    assert station(home, "due", "--sample", "5%").returncode == 2
    assert station(home, "audit").returncode == 0
