"""The 认证单 and the 台账锁定页: one page, all facts on it, nothing that a sheet may not say."""
from __future__ import annotations

import io
from dataclasses import replace

import pdfplumber
import pytest

from labels.attestation import Attestation, LockPage, Match, draw_attestation, draw_lock_page, words
from labels.certificate import Printing
from labels.code import PaperCode, content_of, parsed, short
from labels.sentences import edition
from tests.labels.paper_samples import HOSTILE, digest

HEAD = digest("head")
PRINTING = Printing("2026-11-24 10:22", head_sha256=HEAD, station_version="0.1.0", self_signed=True)
CODE = PaperCode("S1-2026-A0001", "", digest("a")[:16], "found", HEAD[:16])
MATCH = Match("file", "J010-2026-01-J01", "XX局", "J010-2026-01-G001-A", "文书/一.tif", "2026-05-07 10:10",
              "S1-2026-000001", "张三", "李四", digest("line"))
FACTS = Attestation("S1-2026-A0001", "2026-11-24 10:21", "S1", "一.tif", 34_002, digest("a"), "", (MATCH,), 1, 12, HEAD)
PAGE = LockPage("S1-2026-W48-K01", "2026-11-24 10:21", "2026-W48", "S1", "XX县档案馆", 1234, HEAD, "MEUCIQ" * 16,
                digest("certificate"))


def text_of(pdf: bytes) -> str:
    with pdfplumber.open(io.BytesIO(pdf)) as document:
        page, = document.pages                                 # one page, whatever stands on it
        for word in page.chars:
            assert word["x0"] > 0 and word["x1"] < page.width and word["top"] > 0 and word["bottom"] < page.height
        return "".join((page.extract_text() or "").split())


def attested(facts: Attestation, printing: Printing = PRINTING) -> str:
    target = io.BytesIO()
    draw_attestation(facts, target, printing, CODE)
    return text_of(target.getvalue())


def locked(facts: LockPage) -> str:
    target = io.BytesIO()
    draw_lock_page(facts, target, PRINTING, CODE)
    return text_of(target.getvalue())


def test_an_attestation_says_what_was_found_and_where() -> None:
    text = attested(FACTS)
    for value in ("S1-2026-A0001", "34,002", digest("a"), "与接收检验记录相同", "1处内容相同", "XX局",
                  "J010-2026-01-J01", "文书/一.tif", "张三、李四", digest("line"), HEAD,
                  "本站自签,仅用于发现改动;以纸质签章为准"):
        assert value in text
    assert "重打" not in text and "重打第2次" in attested(FACTS, replace(PRINTING, reprint=2))
    assert "本站自签" not in attested(FACTS, replace(PRINTING, self_signed=False))


def test_what_was_not_found_is_said_with_its_limits() -> None:
    text = attested(replace(FACTS, matches=(), count=0))
    assert "接收检验合格的记录中没有相同内容" in text and "截至台账第12条" in text and "未查到不表示未曾移交" in text
    assert "内容相同。" not in text


@pytest.mark.parametrize("count", [1, 6, 7, 500])
def test_many_and_hostile_places_stay_on_one_page(count: int) -> None:
    match = MATCH._replace(path=HOSTILE, unit=HOSTILE, carrier="")
    text = attested(replace(FACTS, name=HOSTILE, matches=(match,) * min(count, 20), count=count))
    assert f"{count}处内容相同" in text and ("下列前6处" in text) is (count > 6)
    assert "经办人(签名)" in text and "\u202e" not in text


def test_a_lock_page_can_be_typed_from() -> None:
    text = locked(PAGE)
    for value in ("台账锁定页", "S1-2026-W48-K01", "2026-W48", "第1条至第1234条", HEAD, short(HEAD).replace(" ", ""),
                  "MEUCIQ" * 8, digest("certificate"), "stationaudit--against", "锁定人(签名)", "本站自签"):
        assert value in text


def test_no_sheet_says_what_cannot_be_known() -> None:
    spoken = [str(text) for section in words().values() for text in section.values()]
    assert [(word, text) for word in edition()["never"] for text in spoken if word in text] == []


def test_a_code_is_ascii_and_comes_back() -> None:
    code = PaperCode("婚登|2026", "卷1%", "0123456789abcdef", "passed", "")
    assert code.text().isascii() and parsed(code.text()) == code and parsed(f" {code.text()}\n") == code
    assert parsed("a|b|c|d") is None and parsed("|b|00|d|00") is None and parsed("a|b|XY|d|00") is None


def test_the_content_of_several_carriers_is_of_all_of_them() -> None:
    assert content_of([HEAD]) == HEAD[:16] and content_of([None]) == ""
    assert len({content_of([HEAD, None]), content_of([None, HEAD]), content_of([HEAD, HEAD]), content_of([])}) == 4
