"""Fonts, coverage, wrapping and fitting."""
from __future__ import annotations

import io
import subprocess
from pathlib import Path

import pytest

from carriers.model import Refused
from labels import page
from labels.page import Box, Sheet, covered, fit, text_width, wrap
from tests.labels.paper_samples import RARE, UNDRAWN


def test_a_character_without_a_font_is_shown_by_its_code_point_and_reported() -> None:
    missing: set[str] = set()
    assert covered(f"档{UNDRAWN}案", missing) == "档〔U+30000〕案"
    assert missing == {"U+30000"}


def test_a_character_that_leaves_no_ink_is_not_taken_for_drawn() -> None:
    assert covered("发票\u3164.pdf") == "发票〔U+3164〕.pdf"
    assert covered("全角\u3000空格") == "全角\u3000空格"


def test_rare_names_are_drawn_by_a_lender() -> None:
    missing: set[str] = set()
    assert covered(RARE, missing) == RARE
    assert not missing


def test_hostile_characters_are_escaped_and_our_own_line_feed_stays() -> None:
    assert covered("a\u202eb\x00c\nd") == "a\\u202eb\\x00c\nd"


def test_no_chinese_font_is_a_refusal_that_names_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "_TEXT", (("/nonexistent/a.ttc", 0), ("/nonexistent/b.ttc", 0)))
    page.text_font.cache_clear()
    try:
        with pytest.raises(Refused) as refused:
            covered("档")
    finally:
        page.text_font.cache_clear()
    assert (refused.value.code, refused.value.facts) == ("font-missing", {"package": "fonts-wqy-zenhei"})


def test_no_line_begins_with_closing_or_ends_with_opening_punctuation() -> None:
    text = "一二三四，五六七八。（九十）《甲乙》；丙丁！？戊己" * 6
    for width in range(30, 120, 7):
        lines = wrap(text, 10, width)
        assert "".join(lines) == text
        assert not [line for line in lines[1:] if line[0] in "，。；！？）》"]
        assert not [line for line in lines if line[-1] in "（《"]


def test_lines_keep_inside_the_width() -> None:
    text = "移交 J010-2025-01-G001-A 共6,578,815,488字节 " + "0123456789abcdef" * 8 + " 很长的文件名_long-name.tif"
    lines = wrap(text, 9, 100)
    assert max(text_width(line.rstrip(), 9) for line in lines) <= 100.001
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_a_number_with_its_separators_and_unit_is_not_broken() -> None:
    assert wrap("共6,578,815,488字节", 10, 80) == ["共6,578,815,488", "字节"]
    assert wrap("未通过:J010-2025-01-G002-A。", 10, 110) == ["未通过:", "J010-2025-01-G002", "-A。"]
    assert wrap("大小为3,724.000GB。", 10, 80) == ["大小为", "3,724.000GB。"]


def test_a_word_that_fits_a_line_moves_to_it_whole() -> None:
    digest = "59ad1b2fc74287de"
    assert wrap(f"扫描件SHA-256:{digest}", 10, 110)[-1].endswith(digest)


def test_fit_goes_down_to_nine_points_and_then_cuts() -> None:
    assert fit("短", 100, 20, "……").size == 10.5
    assert fit("字" * 22, 100, 22, "……") == page.Fitted(9.0, ("字" * 11, "字" * 11), "")
    cut = fit("字" * 100, 100, 22, "……")
    assert cut.size == 9.0
    assert cut.lines == ("字" * 11, "字" * 9 + "……")
    assert cut.rest == "字" * 80


def _draw(target: io.BytesIO | str) -> tuple[str, ...]:
    sheet = Sheet(target, "试页", "2025-05-07T02:10:11Z")
    sheet.text(60, 60, sheet.covered(f"档案，㐀䶮𠮷 {UNDRAWN} Helvetica? 0-9"), 12)
    sheet.text(60, 90, sheet.covered("0123abcd㐀𠮷"), 12, mono=True)
    sheet.rect(Box(60, 120, 40, 40))
    sheet.save()
    return tuple(sheet.missing)


def test_equal_input_gives_equal_bytes_with_the_given_date() -> None:
    first, second = io.BytesIO(), io.BytesIO()
    assert _draw(first) == _draw(second) == ("U+30000",)
    assert first.getvalue() == second.getvalue()
    assert b"D:20250507021011Z" in first.getvalue()


def test_text_is_given_back_by_pdftotext_beyond_the_basic_plane_too(tmp_path: Path) -> None:
    _draw(str(tmp_path / "a.pdf"))
    text = subprocess.run(["pdftotext", str(tmp_path / "a.pdf"), "-"], capture_output=True, check=True).stdout.decode()
    assert "档案，㐀䶮𠮷 〔U+30000〕 Helvetica? 0-9" in text
    assert "0123abcd㐀𠮷" in text
