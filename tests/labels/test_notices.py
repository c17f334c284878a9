"""退回通知单, 收据, 抽检清单, 清单确认单 and the test grid: what they say, and that nothing leaves its page."""
from __future__ import annotations

import io
import subprocess
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pdfplumber
import pytest

from checks.catalogue import findings
from checks.verdict import from_record, to_record
from labels.certificate import Printing
from labels.notices import (
    LeftCarrier,
    ListConfirmation,
    Receipt,
    ReturnedCarrier,
    ReturnNotice,
    ReturnReason,
    SampledCarrier,
    SampledUnit,
    SamplingList,
    draw_confirmation,
    draw_receipt,
    draw_return,
    draw_sampling,
)
from labels.page import MM
from labels.print_grid import draw_print_grid
from labels.sentences import edition, forbidden_words
from tests.labels.paper_samples import PRINTING, RARE, UNDRAWN, digest

AT, ORG = "2025-05-07T02:10:11Z", "XX县档案馆"
LONG = "J010-2025-01-G001-" + "A" * 42
UNIT = "某某县自然资源和规划局不动产登记服务中心" * 5

RETURN = ReturnNotice("J010-2025-01-T01", "J010-2025-01", AT, ORG, "XX局", "J010", "J010-2025-01-J02", (
    ReturnedCarrier("J010-2025-01-G002-A", "光盘 DVD-R", 1, (ReturnReason("R01", "数据/第1包.bak 摘要与表单不符"),
                                                         ReturnReason("R03", "块不可读", 48))),
    ReturnedCarrier(LONG, "光盘 DVD+R DL", 2, (ReturnReason("R99", "盘盒破裂"),))), "2025年6月6日", "请换用档案级盘片")
RECEIPT = Receipt("J010-2025-01-S01", "J010-2025-01", AT, ORG, "XX局", "J010", (
    LeftCarrier("J010-2025-01-Y001-A", "硬盘 WD40NDZW", "FQ-000123", "无划痕、清洁"), LeftCarrier(LONG, "硬盘")),
    "王芳", "张三", "2025年5月9日下午", ("情况表2份", "续表2份"))
SAMPLING = SamplingList("S1-2026-C01", "2026", AT, ORG, "10%", "8f3a", 187, (
    SampledUnit("XX局", "J010", tuple(SampledCarrier(f"J010-2025-01-G{n:03d}-A", "光盘 DVD-R", "J010-2025-01-J01",
                                                   "2025-05-07", "3-2-1", "FQ-1") for n in range(1, 60))),
    SampledUnit(UNIT, "0123", (SampledCarrier(LONG, "硬盘", "0123-2026-03-J01", "2026-03-05"),))), "张三")
CONFIRMATION = ListConfirmation("J010-2025-01-Q01", "J010-2025-01", AT, ORG, "XX局", "J010", "J010-2025-01-G001-A",
                                "卷标", "S1-2025-000017", f"清单/{RARE}.md5", 123_456, 1822, digest("l", "md5"),
                                digest("l"), (f"{digest('a', 'md5')} *甲.tif",) * 3,
                                (f"{digest('z', 'md5')} *{'长' * 900}.tif",) * 3)
ALL: list[tuple[Callable[..., tuple[str, ...]], Any]] = [
    (draw_return, RETURN), (draw_return, replace(RETURN, unit_name=UNIT, due="", carriers=RETURN.carriers * 12)),
    (draw_receipt, RECEIPT), (draw_receipt, replace(RECEIPT, unit_name=UNIT, carriers=RECEIPT.carriers * 30)),
    (draw_sampling, SAMPLING), (draw_confirmation, CONFIRMATION)]


def pages_of(draw: Callable[..., tuple[str, ...]], record: object, printing: Printing = PRINTING) -> list[str]:
    target = io.BytesIO()
    draw(record, target, printing)
    raw = subprocess.run(["pdftotext", "-raw", "-", "-"], input=target.getvalue(), capture_output=True, check=True)
    return ["".join(page.split()) for page in raw.stdout.decode().split("\f")[:-1]]     # in the order it was drawn


def test_a_return_notice_says_what_why_and_what_to_do() -> None:
    text, = pages_of(draw_return, RETURN)
    for part in ("载体退回通知单", "编号:J010-2025-01-T01", "检验表编号J010-2025-01-J02", "J010-2025-01-G002-A",
                 "第1次", "第2次", "R01摘要不一致", "R03存在不可读扇区或文件:块不可读(共48处)", "R99其他:盘盒破裂",
                 "不得在原载体上补写",
                 "2025年6月6日前", "请换用档案级盘片", "载体编号不变", PRINTING.head_sha256, "一式2份"):
        assert part in text
    assert "＿＿＿＿前" in pages_of(draw_return, replace(RETURN, due=""))[0].replace("____", "＿＿＿＿")


def test_a_receipt_is_no_verdict() -> None:
    text, = pages_of(draw_receipt, RECEIPT)
    for part in ("载体收据", "送件人王芳", "收件人张三", "FQ-000123", "无封签", "未查看", "情况表2份、续表2份",
                 "预计取回时间2025年5月9日下午", "不是检验结论", "今收到XX局送检载体2件"):
        assert part in text
    assert "合格" not in text


def test_a_sampling_list_is_grouped_by_unit_and_goes_on_with_its_name() -> None:
    pages = pages_of(draw_sampling, SAMPLING)
    text = "".join(pages)
    assert "应抽检载体187件,按10%抽取,抽中2个单位共60件" in text and "抽样种子:8f3a" in text
    assert "XX局(全宗号J010)59件" in text and "启封人(签名)" in text
    assert len(pages) > 1 and pages[1].startswith("(续)XX局(全宗号J010)")


def test_a_confirmation_shows_the_list_and_promises_no_earlier_origin() -> None:
    text, = pages_of(draw_confirmation, CONFIRMATION)
    for part in ("清单确认单", "123,456字节", "1,822", CONFIRMATION.md5, CONFIRMATION.sha256, "甲.tif", "接收时确认",
                 "不说明该清单此前的来源"):
        assert part in text
    assert text.count("长") < 620                               # a line is cut, not the paper filled with it


@pytest.mark.parametrize(("draw", "record"), ALL)
def test_nothing_leaves_its_page_no_date_is_printed_to_sign(draw: Callable[..., tuple[str, ...]], record: Any) -> None:
    target = io.BytesIO()
    assert draw(record, target, PRINTING) == ()
    again = io.BytesIO()
    draw(from_record(type(record), to_record(record)), again, PRINTING)
    assert again.getvalue() == target.getvalue()                # kept as JSON it is the same paper
    with pdfplumber.open(target) as pdf:
        for page in pdf.pages:
            for char in page.chars:
                assert char["x0"] > 20 * MM - 1 and char["x1"] < 190 * MM + 1
                assert char["top"] > 10 * MM and char["bottom"] < 297 * MM - 10
        last = "".join((pdf.pages[-1].extract_text() or "").split())
    signing = last[last.rindex("签名"):]
    assert "年月日" in signing and "2025年" not in signing
    assert not forbidden_words("".join(pages_of(draw, record)))


def test_a_reprint_and_a_missing_glyph_are_told() -> None:
    assert "重打第1次" in pages_of(draw_receipt, RECEIPT, replace(PRINTING, reprint=1))[0]
    named = replace(RECEIPT, unit_name=f"{UNDRAWN}局")
    assert draw_receipt(named, io.BytesIO(), PRINTING) == ("U+30000",)
    hostile = replace(RETURN, unit_name="a\u202eb\n伪造", remark="x\x00")
    assert "a\\u202eb\\x0a伪造" in pages_of(draw_return, hostile)[0].replace("\\n", "\\x0a")


def test_every_reject_has_its_reason_and_every_reason_its_words() -> None:
    words = edition()
    assert set(words["reasons"]) == set(words["remedies"]) == {*(f"R{n:02d}" for n in range(1, 14)), "R99"}
    assert set(words["reason_of"].values()) < set(words["reasons"])
    assert {code for code, rule in findings().items() if rule["severity"] == "reject"} <= set(
        words["reason_of"])


def test_the_grid_lies_where_it_says_moved_by_the_offset() -> None:
    for offset in ((0.0, 0.0), (1.0, -0.5)):
        target = io.BytesIO()
        assert draw_print_grid(target, "HP-1", offset, AT) == ()
        with pdfplumber.open(target) as pdf:
            page = pdf.pages[0]
            thick = [line for line in page.lines if line["linewidth"] == 1.0]
            text = "".join((page.extract_text() or "").split())
        across = sorted({round((line["x0"] + line["x1"]) / 2 / MM, 2) for line in thick})
        down = sorted({round((line["top"] + line["bottom"]) / 2 / MM, 2) for line in thick})
        assert across == [50 + offset[0], 160 + offset[0]] and down == [50 + offset[1], 247 + offset[1]]
        assert "打印队列:HP-1" in text
