"""Labels of disks and tapes, and sheets of labels: sizes, codes that machines read back, the LTO rules."""
from __future__ import annotations

import io
import subprocess
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pdfplumber
import pytest
import zxingcpp
from PIL import Image

from checks.verdict import Decision, Verdict
from labels.carrier_label import SPINE, Labelling, draw_spine, label_values
from labels.label_sheet import Piece, Stock, StockUse, draw_label_sheet
from labels.media_labels import (
    DISK,
    TapeLabels,
    draw_disk,
    draw_disk_labels,
    draw_tape_labels,
    draw_tape_sheet,
    is_volser,
)
from labels.page import MM
from tests.labels.paper_samples import PRINTING, hostile, sound

LABELLING = Labelling("2025-05-07", "2026-05-07", powered_on="2025-05-06", head_sha256="ab" * 32)
LONG = "J010-2025-01-Y001-" + "Z" * 42
STOCK = Stock(2, 6, 4.7, 21.6, 99.1, 42.3, 101.6, 42.3)


def one(kind: str, serial: str, number: str = "J010-2025-01-Y001-A") -> tuple[Decision, Verdict]:
    """A decision about one disk or tape."""
    first = sound().verdicts[0]
    verdict = replace(first, carrier=replace(first.carrier, kind=kind, medium="LTO-8" if kind == "tape" else
                                             "WDC WD40NDZW", serial=serial, layers=("NTFS",), number=number))
    return replace(sound(), verdicts=(verdict,)), verdict


def drawn(draw: Callable[..., object], decision: Decision, verdict: Verdict, labelling: Labelling = LABELLING) -> bytes:
    target = io.BytesIO()
    draw(decision, verdict, target, labelling)
    return target.getvalue()


def codes(pdf: bytes, folder: Path) -> list[str]:
    (folder / "a.pdf").write_bytes(pdf)
    subprocess.run(["pdftoppm", "-r", "300", "-gray", "-singlefile", "-png", folder / "a.pdf", folder / "a"],
                   check=True)
    with Image.open(folder / "a.png") as picture:
        return sorted(code.text for code in zxingcpp.read_barcodes(picture))


def test_a_tape_s_bars_are_read_back_and_follow_the_lto_rules(tmp_path: Path) -> None:
    pdf = drawn(draw_tape_labels, *one("tape", "J01001L8", "J010-2025-01-C001-A"))
    assert [code for code in codes(pdf, tmp_path) if "|" not in code] == ["J01001L8"]
    with pdfplumber.open(io.BytesIO(pdf)) as document:
        page = document.pages[0]
        label = ((210 - 78) / 2 * MM, 30 * MM, (210 + 78) / 2 * MM, 46 * MM)
        inside = page.crop(label)
        bars = sorted((r for r in inside.rects), key=lambda r: r["x0"])
        assert "".join(c["text"] for c in inside.chars) == "J01001L8" and not inside.lines and not inside.curves
    assert len(bars) == 10 * 5                                  # start, eight characters, stop: no check character
    narrow, wide = 0.423 * MM, 0.423 * 2.75 * MM
    widths = [bar["width"] for bar in bars]
    gaps = [b["x0"] - a["x1"] for a, b in zip(bars, bars[1:], strict=False)]
    for width in (*widths, *gaps):
        assert min(abs(width - narrow), abs(width - wide)) < 0.01
    assert all(bar["height"] >= 11.1 * MM - 0.01 for bar in bars)
    assert bars[-1]["x1"] - bars[0]["x0"] == pytest.approx(151.5 * narrow, abs=0.05)
    assert bars[0]["x0"] - label[0] > 10 * narrow and label[2] - bars[-1]["x1"] > 10 * narrow


def test_a_sheet_of_bar_codes_is_read_back_whole(tmp_path: Path) -> None:
    serials = tuple(f"J010{n:02d}L8" for n in range(17))
    target = io.BytesIO()
    draw_tape_sheet(TapeLabels("S1-2026-K01", "2026-01-01T00:00:00Z", serials), target, PRINTING)
    assert codes(target.getvalue(), tmp_path) == sorted(serials[:16])
    with pdfplumber.open(target) as pdf:
        assert "J01016L8" in (pdf.pages[1].extract_text() or "")
        for row in range(8):                                    # each label by itself: eight characters, 50 bars
            for left in (20, 112):
                label = pdf.pages[0].crop((left * MM, (30 + 31 * row) * MM, (left + 78) * MM, (46 + 31 * row) * MM))
                assert (len(label.chars), len(label.rects)) == (8, 50)
    with pytest.raises(ValueError, match="volume serial"):
        draw_tape_sheet(TapeLabels("S1", "2026", ("X",)), io.BytesIO(), PRINTING)


@pytest.mark.parametrize(("serial", "valid"), [
    ("J01001L8", True), ("ABC123LA", True), ("J01001LT", True), ("J01001M8", True), ("j01001L8", False),
    ("J01001", False), ("J01001L0", False), ("J0100-L8", False), ("CLN001LB", False), ("", False),
    ("J01001L8\n", False)])
def test_volume_serials(serial: str, valid: bool) -> None:
    assert is_volser(serial) is valid


def test_a_serial_that_is_no_volume_serial_gets_no_bars(tmp_path: Path) -> None:
    pdf = drawn(draw_tape_labels, *one("tape", "婚登1"))
    assert [code for code in codes(pdf, tmp_path) if "|" not in code] == []
    assert "未登记合规的8位条码" in text_of(pdf)


def text_of(pdf: bytes) -> str:
    with pdfplumber.open(io.BytesIO(pdf)) as document:
        return "".join((document.pages[0].extract_text() or "").split())


@pytest.mark.parametrize(("serial", "generation", "worm"), [
    ("J01001L8", "LTO-8(L8)", "否"), ("J01001LZ", "LTO-9(LZ)", "是"), ("J01001LA", "LTO-10(LA)", "否"),
    ("J01001M8", "LTO-7(M8)", "否"), ("J01001PA", "LTO-10(PA)", "否")])
def test_the_case_card_tells_generation_and_worm(serial: str, generation: str, worm: str) -> None:
    text = text_of(drawn(draw_tape_labels, *one("tape", serial)))
    assert f"条码{serial}" in text and f"代{generation}WORM{worm}" in text and "写保护□是□否" in text


def test_the_labels_of_a_disk_have_their_size_and_fields(tmp_path: Path) -> None:
    decision, verdict = one("disk", "WD-WX12D3045678")
    pdf = drawn(draw_disk_labels, decision, verdict)
    with pdfplumber.open(io.BytesIO(pdf)) as document:
        page = document.pages[0]
        frames = [r for r in page.rects if abs(r["width"] - 70 * MM) < 0.01 and abs(r["height"] - 40 * MM) < 0.01]
        assert len(frames) == 2
        first = page.crop((frames[0]["x0"] - 0.1, frames[0]["top"], frames[0]["x1"] + 0.1, frames[0]["bottom"]))
        text = "".join((first.extract_text() or "").split())
    for value in ("J010-2025-01-Y001-A", "封存", "XX局", "WDCWD40NDZW", "WD-WX12D3045678", "接口SATA", "文件系统NTFS",
                  "接收日期2025-05-07", "下次检测2026-05-07", "上次通电2025-05-06", "J010-2025-01-J01", "存放位置",
                  "封签号", "4,489,216,000字节"):
        assert value in text
    head = (verdict.digests.content_sha256 or "")[:16]
    assert codes(pdf, tmp_path) == [f"J010-2025-01-J01|J010-2025-01-Y001-A|{head}|passed|{'ab' * 8}"] * 2


@pytest.mark.parametrize(("draw", "kind"), [(draw_disk_labels, "disk"), (draw_tape_labels, "tape")])
def test_a_long_number_is_never_cut_and_nothing_leaves_the_label(draw: Callable[..., object], kind: str) -> None:
    decision, verdict = one(kind, "S" * 40, LONG)
    form = replace(decision.form, fields={**decision.form.fields, "unit_name": "某某自然资源和规划局" * 10})
    pdf = drawn(draw, replace(decision, form=form), verdict)
    with pdfplumber.open(io.BytesIO(pdf)) as document:
        page = document.pages[0]
        wide = (70 if kind == "disk" else 105) * MM
        left = (210 * MM - wide) / 2
        assert not [c for c in page.chars if c["x0"] < left - 0.1 or c["x1"] > left + wide + 0.1]
        number = "".join(c["text"] for c in page.chars if c["text"] in set(LONG))
        assert min(c["size"] for c in page.chars if c["text"] == "Z") >= 6
    assert LONG in number


def test_only_an_accepted_carrier_of_its_kind_gets_a_label() -> None:
    accepted, failed = hostile().verdicts
    for draw in (draw_disk_labels, draw_tape_labels):
        for verdict in (accepted, failed):
            with pytest.raises(ValueError, match="of this decision"):
                drawn(draw, hostile(), verdict)
    decision, verdict = one("disk", "1")
    failing = replace(verdict, outcome=failed.outcome)
    with pytest.raises(ValueError, match="carrier that passed"):
        drawn(draw_disk_labels, replace(decision, verdicts=(failing,)), failing)


def test_a_half_used_sheet_is_used_from_its_first_free_cell_on() -> None:
    decision, verdict = one("disk", "1")
    paint = partial(draw_disk, decision=decision, verdict=verdict, labelling=LABELLING)
    target = io.BytesIO()
    draw_label_sheet([Piece(*DISK, paint)] * 4, target, StockUse(STOCK, 10, "x", decision.at, (1.0, 0.5)))
    with pdfplumber.open(target) as pdf:
        places = [[(round(r["x0"] / MM, 1), round(r["top"] / MM, 1)) for r in page.rects
                   if abs(r["width"] - 70 * MM) < 0.01 and abs(r["height"] - 40 * MM) < 0.01] for page in pdf.pages]
    in_cell = (4.7 + (99.1 - 70) / 2 + 1.0, 21.6 + (42.3 - 40) / 2 + 0.5)
    cells = [(column, row) for page in ([(1, 4), (0, 5), (1, 5)], [(0, 0)]) for column, row in page]
    assert [len(page) for page in places] == [3, 1]
    for place, (column, row) in zip([*places[0], *places[1]], cells, strict=True):
        assert place == pytest.approx((in_cell[0] + column * 101.6, in_cell[1] + row * 42.3), abs=0.06)


def test_spine_strips_on_their_stock() -> None:
    values = label_values(sound(), sound().verdicts[0], LABELLING)
    target = io.BytesIO()
    stock = Stock(1, 20, 46, 20, 118, 6.5, 118, 12.5)
    draw_label_sheet([Piece(*SPINE, partial(draw_spine, values=values))] * 2, target, StockUse(stock, 3, "x", "2025"))
    with pdfplumber.open(target) as pdf:
        tops = sorted(round(r["top"] / MM, 2) for r in pdf.pages[0].rects)
    assert tops == [45.0, 57.5]


@pytest.mark.parametrize("change", [
    {"columns": 0}, {"left": 30}, {"top": 60}, {"pitch_x": 90}, {"height": 43}, {"left": -1}, {"width": 0}])
def test_a_stock_whose_cells_overlap_or_leave_the_sheet_is_refused(change: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="cells"):
        replace(STOCK, **change)


def test_a_label_larger_than_its_cell_and_a_cell_that_is_not_there_are_refused() -> None:
    for piece, start in ((Piece(100 * MM, 10, lambda sheet, box: None), 1), (Piece(10, 10, lambda s, b: None), 13),
                         (Piece(10, 10, lambda s, b: None), 0)):
        with pytest.raises(ValueError, match="cell"):
            draw_label_sheet([piece], io.BytesIO(), StockUse(STOCK, start, "x", "2025"))
