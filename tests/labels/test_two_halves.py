"""空表 and 套打: the two halves of the 检验表, printed apart, are the sheet that is printed whole; both editions."""
from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pdfplumber
import pytest
from pdfplumber.page import Page

from checks.verdict import Decision, Outcome
from labels.certificate import BlankForm, draw_blank, draw_certificate, draw_overlay
from labels.page import MM, fit
from labels.sentences import EDITIONS, cells, edition
from tests.labels.paper_samples import PRINTING, hostile, large, sound

HEIGHTS = {"zj-2010": [24] * 6 + [62] * 5 + [40, 60, 30, 40, 40, 40], "saac-2012": [30] * 6 + [60] * 8}
SAMPLES = [sound, hostile, large]


def blank_of(decision: Decision) -> BlankForm:
    return BlankForm("J010-2025-01-B01", decision.batch, decision.at, decision.form, decision.receiving_org)


def first_page(draw: Callable[..., object], *arguments: object) -> Page:
    target = io.BytesIO()
    draw(arguments[0], target, *arguments[1:])
    return pdfplumber.open(target).pages[0]


def placed(page: Page, right: float = 0.0, down: float = 0.0) -> Counter[tuple[str, float, float, float]]:
    """Every character with its place and size."""
    return Counter((c["text"], round(c["x0"] - right, 2), round(c["top"] - down, 2), round(c["size"], 2))
                   for c in page.chars)


@pytest.mark.parametrize("name", EDITIONS)
@pytest.mark.parametrize("sample", SAMPLES)
def test_the_halves_together_are_the_whole_character_by_character(sample: Callable[[], Decision], name: str) -> None:
    decision, printing = sample(), replace(PRINTING, edition=name)
    whole = placed(first_page(draw_certificate, decision, printing))
    over = placed(first_page(draw_overlay, decision, printing))
    blank = first_page(draw_blank, blank_of(decision), printing)
    top = min(r["top"] for r in blank.rects)
    own = placed(blank.crop((0, 0, blank.width, 20 * MM - 8)))          # the line that only a 空表 has
    assert "J010-2025-01-B01" in "".join(text for text, *_ in sorted(own, key=lambda place: place[1]))
    assert placed(blank) - own + over == whole
    assert over and not [place for place in over if place[2] < top and place[1] < 300]     # no title


@pytest.mark.parametrize("name", EDITIONS)
def test_an_overlay_draws_no_line(name: str) -> None:
    page = first_page(draw_overlay, hostile(), replace(PRINTING, edition=name))
    assert not [r for r in page.rects if r["stroke"]] and not page.lines and not page.curves
    assert len(pdfplumber.open(page.pdf.stream).pages) == 1


@pytest.mark.parametrize("name", EDITIONS)
def test_an_offset_moves_all_of_it_and_nothing_else(name: str) -> None:
    printing = replace(PRINTING, edition=name)
    still = first_page(draw_overlay, hostile(), printing)
    moved = first_page(draw_overlay, hostile(), printing, (1.5, -2.0))
    for a, b in zip(still.chars, moved.chars, strict=True):
        assert (b["text"], b["x0"] - a["x0"], b["top"] - a["top"]) == (
            a["text"], pytest.approx(1.5 * MM, abs=0.01), pytest.approx(-2 * MM, abs=0.01))


def test_a_second_overlay_says_that_it_is_one() -> None:
    text = first_page(draw_overlay, sound(), replace(PRINTING, reprint=1)).extract_text() or ""
    assert "重打第1次" in text


@pytest.mark.parametrize("name", EDITIONS)
def test_a_blank_says_nothing_of_the_centre_and_leaves_both_columns_free(name: str) -> None:
    page = first_page(draw_blank, blank_of(sound()), replace(PRINTING, edition=name))
    text = "".join((page.extract_text() or "").split())
    for word in ("合格", "一致", "实收", "实测", "张三", "李四", "检验表编号", "SHA-256"):
        assert word not in text.replace("(交接前后数据一致性)", "")
    for word in ("申报6.127GB", "光盘DVD-R4.7GB", "移交单位:XX局", "接收单位:XX县档案馆", "12,480件,278卷",
                 "批次编号:J010-2025-01"):
        assert word in text
    form = edition(name)["form"]
    top = 20 * MM + form["title_height"] + sum(HEIGHTS[name][:6])
    columns = page.crop((20 * MM + 170 * MM * 3 / 9.5 + 1, top + 1, 190 * MM - 1, top + sum(HEIGHTS[name][6:11]) - 1))
    assert not columns.chars


def test_what_a_blank_has_no_room_for_is_stamped_too() -> None:
    target = io.BytesIO()
    draw_blank(blank_of(hostile()), target, PRINTING)
    with pdfplumber.open(target) as pdf:
        first, second = ["".join((page.extract_text() or "").split()) for page in pdf.pages]
    assert first.count("婚") + second.count("婚") == 1 + 40 and second.count("婚") > 20      # 1: the name of the work
    assert "批次编号:J010-2025-01" in second and "检验表附页" in second


def test_the_grid_of_saac_2012() -> None:
    page = first_page(draw_certificate, sound(), replace(PRINTING, edition="saac-2012"))
    boxes = {(round(r["x0"], 1), round(r["top"], 1), round(r["x1"], 1), round(r["bottom"], 1)) for r in page.rects
             if r["top"] > 20 * MM}                                                 # above it stands the 2-D code
    lefts, tops = sorted({b[0] for b in boxes} | {max(b[2] for b in boxes)}), sorted({b[1] for b in boxes})
    assert lefts == pytest.approx([20 * MM + 170 * MM * n / 9.5 for n in (0, 3, 5, 6.5, 9.5)], abs=0.1)
    assert tops == pytest.approx([20 * MM + 30 + sum(HEIGHTS["saac-2012"][:n]) for n in range(14)], abs=0.2)
    assert max(b[3] for b in boxes) < 277 * MM
    labels = [cell["text"].replace("\n", "") for row in edition("saac-2012")["rows"] for cell in row["cells"]
              if "text" in cell]
    assert labels == ["交接工作名称", "内容描述", "移交电子档案数量", "移交数据量", "载体起止顺序号",
                      "移交载体类型、规格", "检验内容", "单位名称", "准确性检验", "完整性检验", "可用性检验",
                      "安全性检验", "载体外观检验", "填表人(签名)", "审核人(签名)", "单位(印章)"]


def test_what_saac_2012_has_no_row_for_stands_below_the_grid_and_in_the_annex() -> None:
    target = io.BytesIO()
    draw_certificate(hostile(), target, replace(PRINTING, edition="saac-2012"))
    with pdfplumber.open(target) as pdf:
        texts = ["".join((page.extract_text() or "").split()) for page in pdf.pages]
    assert "检验结论:部分合格(含人工认定1项,见附页)。" in texts[0]
    assert "电子档案移交与接收登记表" in texts[0] and "电子档案移交与接收登记表附页" in texts[1]
    for name in ("conclusion", "method", "not_checked"):
        start = "".join(cells(hostile())[name].split())[:20]
        assert start in texts[1] and start not in texts[0]


def test_every_text_of_a_decision_has_its_place_in_every_edition() -> None:
    for name in EDITIONS:
        placed_names = {cell[key] for row in edition(name)["rows"] for cell in row["cells"]
                        for key in ("value", "centre") if key in cell}
        placed_names |= {key for key, _ in edition(name)["form"].get("elsewhere", ())}
        assert placed_names == set(cells(sound()))


def test_an_undecided_batch_has_no_overlay() -> None:
    with pytest.raises(ValueError, match="undecided"):
        draw_overlay(replace(sound(), outcome=Outcome.UNDECIDED), io.BytesIO(), PRINTING)


def test_a_carrier_s_number_is_set_smaller_before_it_is_broken() -> None:
    number = "J010-2025-01-G001-A"
    assert fit(number, 130, 40, "…", (14.0, 12.0, 9.0)).lines == (number,)
    assert fit("字" * 30, 130, 80, "…", (14.0, 12.0, 9.0)).size == 14.0
