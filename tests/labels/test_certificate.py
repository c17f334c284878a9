"""The 检验表: geometry, words, honesty, fonts, sameness."""
from __future__ import annotations

import ast
import io
import subprocess
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import takewhile
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pdfplumber
import pytest

import labels.sentences
from checks.catalogue import shown
from checks.verdict import (
    CarrierDigest,
    CheckResult,
    Counts,
    CoverageSums,
    Decision,
    Digests,
    FormSummary,
    ListFacts,
    Outcome,
    Severity,
    Speed,
    from_record,
    to_record,
)
from labels.annex import read_result
from labels.certificate import Printing, draw_certificate
from labels.page import MM
from labels.sentences import EDITIONS, cells, edition, forbidden_words, headline
from tests.labels.paper_samples import HOSTILE, NOT_RUN, PRINTING, checks, digest, hostile, judgement, large, sound


def drawn(decision: Decision, printing: Printing = PRINTING) -> bytes:
    target = io.BytesIO()
    draw_certificate(decision, target, printing)
    return target.getvalue()


def page_texts(pdf: bytes) -> list[str]:
    """The text of every page without white space: where lines break is not what these tests are about."""
    raw = subprocess.run(["pdftotext", "-raw", "-", "-"], input=pdf, capture_output=True, check=True).stdout.decode()
    return ["".join(page.split()) for page in raw.split("\f")[:-1]]


def test_the_cells_of_the_worked_example() -> None:
    assert cells(sound()) == {
        "work_name": "XX局2025年婚姻登记数据库登记备份(J010-2025-01)",
        "description": "婚姻登记数据库备份文件,电子业务数据,加密数据包2个(脱机)",
        "item_count": "12,480件,278卷",
        "data_size": "申报6.127GB",
        "data_size_found": "实收6.127GB(6,578,815,488字节)",
        "carrier_range": "J010-2025-01-G001-A 至 G002-A",
        "carrier_spec": "光盘 DVD-R 4.7GB",
        "carrier_spec_found": "实测:DVD-R 2张",
        "unit_side": "移交单位:XX局",
        "receiving_side": "接收单位:XX县档案馆",
        "accuracy": "数据包2个,大小为6.127GB。经MD5比对,2项数字摘要与盖章纸质表所载一致(P1)。"
                    "MD5系移交方所用算法;本站另存SHA-256。",
        "completeness": "载体2张,文件2个,共6,578,815,488字节,与登记数量相符。",
        "usability": "2张光盘可识别,清单所列及所见文件区域通读无误。计划读取6,582,815,488字节,已读6,582,815,488,"
                     "不可读0,未读取0。",
        "safety": "未检测(原因:本站未安装杀毒引擎)。",
        "appearance": "无划痕、清洁、标签齐全,编号与载体目录一致。",
        "method": "比对算法:MD5(移交方);SHA-256(本站逐文件加算)。读取设备:HL-DT-ST DVDRAM GH24NSD5 LV00。"
                  "只读方式:驱动器只读打开、udev 只读规则,已回读确认。软件:station 0.1.0、libmagic 5.46。",
        "conclusion": "检验合格,同意接收。",
        "not_checked": "安全性(恶意代码)(本站未安装杀毒引擎);光盘误码率(本站无光盘误码检测设备)",
    }
    assert headline(sound()) == "合格"


def test_page_one_says_all_of_it_and_is_one_page() -> None:
    pages = page_texts(drawn(sound()))
    for text in (*cells(sound()).values(), "检验表编号:J010-2025-01-J01", "申报数,本站未核",
                 "交接前后数据一致性", "结论仅就读取时刻及所列范围", f"第1页/共{len(pages)}页", PRINTING.head_sha256,
                 "软件:0.1.0", "填表人:张三", "审核人:李四"):
        assert "".join(text.split()) in pages[0]
    assert "续见附页" not in pages[0]
    assert "重打" not in pages[0]
    for number, text in enumerate(pages, 1):
        assert "检验表编号:J010-2025-01-J01" in text
        assert f"第{number}页/共{len(pages)}页" in text


def test_the_grid_is_the_form_s() -> None:
    with pdfplumber.open(io.BytesIO(drawn(sound()))) as pdf:
        first = pdf.pages[0]
        assert (round(first.width), round(first.height)) == (595, 842)
        boxes = {(round(r["x0"], 1), round(r["top"], 1), round(r["x1"], 1), round(r["bottom"], 1))
                 for r in first.rects if r["top"] > 20 * MM}           # above it stands the 2-D code
    lefts, tops = sorted({b[0] for b in boxes} | {max(b[2] for b in boxes)}), sorted({b[1] for b in boxes})
    width = 170 * MM
    assert lefts == pytest.approx([20 * MM + width * n / 9.5 for n in (0, 3, 5, 6.5, 9.5)], abs=0.1)
    heights = [24] * 6 + [62] * 5 + [40, 60, 30, 40, 40, 40]
    assert tops == pytest.approx([20 * MM + 24 + sum(heights[:n]) for n in range(len(heights))], abs=0.2)
    assert max(b[3] for b in boxes) == pytest.approx(20 * MM + 728, abs=0.2)


def stretched() -> Decision:
    """Every text far too long, and many carriers."""
    first = sound().verdicts[0]
    verdicts = tuple(replace(first, intake=f"S1-2025-{n:06d}", outcome=Outcome.FAILED, carrier=replace(
        first.carrier, number=f"J010-2025-01-G{n:03d}-" + "A" * 90, volume_label="卷标" * 60, serial="9" * 80,
        medium="DVD+R DL " * 9)) for n in range(4))
    form = replace(sound().form, file_name="情况表" * 60, fields=dict.fromkeys(sound().form.fields, "很长的值ABC" * 40))
    return replace(sound(), number="J010-" * 30, form=form, verdicts=verdicts, outcome=Outcome.FAILED,
                   operator="张" * 40, reviewer="李" * 40, remark="备" * 900,
                   appearance="划痕、" * 300, receiving_org="档案馆" * 40)


def bare() -> Decision:
    """A verdict and a form that say as little as the types allow."""
    first = sound().verdicts[0]
    verdict = replace(
        first, outcome=Outcome.FAILED, reference=replace(first.reference, anchor="P5", root_offset={}, algorithms=()),
        carrier=replace(first.carrier, medium="", volume_label="", layers=(), number="", set_code=""),
        digests=Digests(None, None), drive={}, host={}, clock={}, read_only={}, people=(), sittings=(),
        policy_sha256="", catalogue_sha256="", selftest="", counts=Counts(), lines=(), findings=(), checks=(),
        coverage=CoverageSums(0, 0, 0, 0), speed=Speed(0.0, 0.0, 0.0, 0.0), versions={}, journal_sha256="",
        lines_sha256="", files_sha256="")
    return replace(sound(), form=FormSummary("", "", {}, 0), verdicts=(verdict,), outcome=Outcome.FAILED, operator="",
                   reviewer="", appearance="", receiving_org="", station="")


@pytest.mark.parametrize("sample", [sound, hostile, large, stretched, bare])
def test_no_text_leaves_its_page_or_meets_another(sample: Callable[[], Decision]) -> None:
    with pdfplumber.open(io.BytesIO(drawn(sample()))) as pdf:
        for page in (*pdf.pages[:3], pdf.pages[-1]):
            for char in page.chars:
                assert char["x0"] >= 20 * MM - 1
                assert char["x1"] <= 190 * MM + 1
                assert char["top"] >= 20 * MM - 20
                assert char["bottom"] <= 297 * MM - 20
            words = page.extract_words(keep_blank_chars=True, use_text_flow=True, x_tolerance=1)
            words.sort(key=lambda w: w["top"])
            for at, word in enumerate(words):
                for other in takewhile(lambda w, end=word["bottom"]: w["top"] < end, words[at + 1:]):
                    across = min(word["x1"], other["x1"]) - max(word["x0"], other["x0"])
                    down = min(word["bottom"], other["bottom"]) - max(word["top"], other["top"])
                    assert across < 1 or down < 2.5, (word["text"], other["text"])


def test_the_unit_s_side_is_never_filled_and_no_date_is_printed_into_a_signature() -> None:
    with pdfplumber.open(io.BytesIO(drawn(sound()))) as pdf:
        first = pdf.pages[0]
        left, right = 20 * MM + 170 * MM * 3 / 9.5, 20 * MM + 170 * MM * 6.5 / 9.5
        checks_top = 20 * MM + 24 + 6 * 24
        assert not first.crop((left + 1, checks_top + 1, right - 1, checks_top + 5 * 62 - 1)).chars
        signatures = first.crop((left, 20 * MM + 728 - 120, 190 * MM, 20 * MM + 728)).extract_text()
    assert "".join(signatures.split()) == "填表人:张三年月日年月日审核人:李四年月日年月日年月日年月日"


@pytest.mark.parametrize("sample", [sound, hostile, large])
def test_all_fonts_are_embedded_and_subset(sample: Callable[[], Decision], tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(drawn(sample()))
    rows = subprocess.run(["pdffonts", str(path)], capture_output=True, check=True, text=True).stdout.splitlines()[2:]
    assert rows
    for row in rows:
        assert row.split()[-5:-2] == ["yes", "yes", "yes"]                         # embedded, subset, to Unicode
        assert "Helvetica" not in row


def test_printing_again_gives_the_same_bytes_and_says_when_it_is_a_reprint() -> None:
    assert drawn(hostile()) == drawn(hostile())
    record = from_record(Decision, to_record(hostile()))
    assert drawn(record) == drawn(hostile())
    assert all("重打第2次" in text for text in page_texts(drawn(sound(), replace(PRINTING, reprint=2))))


def test_a_hostile_name_is_escaped_wrapped_and_reported() -> None:
    target = io.BytesIO()
    assert draw_certificate(hostile(), target, PRINTING) == ("U+30000",)
    text = "".join(page_texts(target.getvalue()))
    name = "".join(shown(HOSTILE).replace("\U00030000", "〔U+30000〕").split())
    assert normalize("NFC", name) in normalize("NFC", text)
    assert not {"\u202e", "\u2066"} & set(text)


def test_a_partly_failed_batch_names_what_failed_and_who_decided() -> None:
    pages = page_texts(drawn(hostile()))
    assert headline(hostile()) == "部分合格(含人工认定1项,见附页)"
    texts = cells(hostile())
    assert texts["accuracy"].startswith(
        "数据包2个,大小为6.127GB。未通过:J010-2025-01-G002-A。"
        "经MD5、SM3与另行报送的清单(P3)比对:一致2项,不一致1项,不可读1项,缺1项。")
    assert texts["completeness"] == (
        "未通过:J010-2025-01-G002-A。清单登记5项,其中缺1项;清单以外文件1个。"
        "载体2张,文件6个,共6,578,815,488字节。存疑1项,经人工认定,见附页。")
    assert texts["usability"].startswith("未通过:J010-2025-01-G002-A。")
    assert texts["appearance"] == "未检测(原因:未记录外观检查)。"
    assert texts["conclusion"] == ("J010-2025-01-G001-A合格,同意接收;J010-2025-01-G002-A不合格,退回XX局重新制作"
                                   "后再次报送检验。\n备注:G002请更换同批次以外的盘片重新制作。")
    annex = "".join(pages[1:])
    for text in ("正表续文", "结论:合格(含人工认定)", "结论:不合格", "清单外文件1", "认定:张三;复核:李四",
                 digest("scan"), "单位盖章说明", "所列文件有不可读块(同类共48项)依据:GB/T18894",
                 "上级目录“E:\\备份”未核对", digest("a", "md5"), digest("b", "md5"),
                 "系统残留文件:1/Thumbs.db(同类共2项)", "第2次报送"):
        assert text in annex


def test_an_answer_names_every_doubt_that_it_answers_and_no_other() -> None:
    decision = hostile()
    first, *others = decision.verdicts
    doubt, *notes = first.findings
    more = tuple(replace(doubt, path=f"{n}.txt", text={"zh": f"清单以外的文件:{n}.txt", "en": n}) for n in "甲乙")
    first = replace(first, findings=(doubt, *more, *notes))
    single, = decision.resolutions

    def answered(path: str) -> str:
        pages = page_texts(drawn(replace(decision, verdicts=(first, *others),
                                         resolutions=(replace(single, path=path),))))
        return "".join(pages[1:]).rpartition("人工认定")[2]
    assert [n for n in ("说明/备查", "甲", "乙") if f"清单以外的文件:{n}.txt" in answered("甲.txt")] == ["甲"]
    assert all(f"清单以外的文件:{n}.txt" in answered("") for n in ("说明/备查", "甲", "乙"))


def test_a_cut_cell_goes_on_in_the_annex() -> None:
    first, second = page_texts(drawn(hostile()))[:2]
    whole = "婚姻登记数据" * 40 + "(脱机)"
    shown_part = first.split("内容描述")[1].split("……(续见附页)")[0]
    assert whole.startswith(shown_part)
    assert whole[len(shown_part):] in second


def test_what_is_cut_from_two_cells_of_a_row_is_kept_for_both() -> None:
    form = replace(sound().form, fields={"unit_name": "甲" * 90})
    annex = page_texts(drawn(replace(sound(), form=form, receiving_org="乙" * 90)))[1]
    first = page_texts(drawn(replace(sound(), form=form, receiving_org="乙" * 90)))[0].split("技术方法")[0]
    assert first.count("甲") + annex.count("甲") == 90
    assert first.count("乙") + annex.split("载体一览")[0].count("乙") == 90


def test_a_long_list_is_counted_and_only_failures_are_named() -> None:
    pages = page_texts(drawn(large()))
    text = "".join(pages)
    assert "经SHA-256与摘要载于盖章纸质表的清单(P2)比对:一致612,045项,不一致300项。" in text
    assert text.count("不一致第") == 100
    assert "另有200项未逐一列出" in text
    assert "清单共612,345项,一致612,045项,不逐一列出" in text
    assert "同一载体的另一次读取,该次结论:" in text
    assert "申报＿＿＿＿GB实收3,998,614,552,576字节" in text.replace("____", "＿＿＿＿")
    assert "大小为3,724.000GB" in text
    assert len(pages) < 12


def test_facts_that_the_evidence_needs_stand_in_the_annex() -> None:
    text = "".join(page_texts(drawn(sound()))[1:])
    first = sound().verdicts[0]
    for fact in (first.journal_sha256, first.lines_sha256, first.files_sha256, first.policy_sha256,
                 first.catalogue_sha256, first.digests.content_sha256, sound().form.sha256, PRINTING.head_sha256,
                 "HL-DT-ST", "K8EI3AB4411", "6.12.48", "来源:人工对时;偏差:1秒", "回读确认:是", "张三、李四",
                 "2025-05-0709:50:00至2025-05-0710:01:00", "已知好坏载体各1个", "通读", "15.5MB/s", "一致1,不一致0"):
        assert fact and fact in text


def test_of_a_disk_whose_free_space_was_not_read_that_is_said() -> None:
    first = sound().verdicts[0]
    planned = first.coverage.planned_bytes
    disk = replace(first, carrier=replace(first.carrier, kind="disk", capacity_bytes=planned + 512))
    assert (read_result(first), read_result(disk)) == ("通读", "文件通读(空闲区域未读)")
    assert read_result(replace(disk, carrier=replace(disk.carrier, capacity_bytes=planned))) == "通读"


def test_the_digest_of_the_whole_carrier_is_printed_with_its_range() -> None:
    first, second = sound().verdicts
    first = replace(first, digests=replace(first.digests, carrier=CarrierDigest("md5", digest("x", "md5"), 2048)))
    text = "".join(page_texts(drawn(replace(sound(), verdicts=(first, second)))))
    assert f"整个载体摘要(MD5){digest('x', 'md5')}(前2,048字节)" in text
    assert text.count("整个载体摘要") == 1


@pytest.mark.parametrize(("kind", "capacity", "said"), [("disk", 1 << 40, True), ("disk", 1000, False),
                                                        ("disc", 1 << 40, False)])
def test_free_space_of_a_disk_that_was_not_read_is_said(kind: str, capacity: int, said: bool) -> None:
    first, second = sound().verdicts
    first = replace(first, carrier=replace(first.carrier, kind=kind, capacity_bytes=capacity))
    text = "".join(page_texts(drawn(replace(sound(), verdicts=(first, second)))))
    assert ("空闲空间不在计划内,未读" in text) is said


def test_trees_and_lists_that_were_followed_are_printed() -> None:
    first, second = sound().verdicts
    lists = tuple(ListFacts(f"清单{n}.md5", f"{n:02d}" * 32, 1_200) for n in range(12))
    first = replace(first, reference=replace(first.reference, trees={"Joliet": 1_200, "UDF": 3}, lists=lists,
                                             list_count=12))
    text = "".join(page_texts(drawn(replace(sound(), verdicts=(first, second)))))
    assert "Joliet1,200、UDF3" in text and f"“清单9.md5”1,200行SHA-256{'09' * 32}" in text
    assert "清单10.md5" not in text and "另2份,见流水" in text


def test_a_verdict_that_says_little_is_printed_honestly() -> None:
    pages = page_texts(drawn(bare(), Printing("2025-05-07 10:22")))
    for text in ("软件:未记录", "移交单位:", "未作一致性比对(P5)", "申报"):
        assert text in pages[0]
    for text in ("读取结果失败", "驱动器无", "只读方式未记录;回读确认:否", "来源:未记录;偏差:未记录",
                 "内容摘要(SHA-256)无", "检验发现:无", "速度曲线:无记录"):
        assert text in "".join(pages[1:])


def test_a_doubt_that_nobody_answered_is_not_called_decided() -> None:
    texts = cells(replace(hostile(), resolutions=()))
    assert "存疑1项,见附页。" in texts["completeness"]
    assert "人工认定" not in "".join(texts.values()) + headline(replace(hostile(), resolutions=()))


def test_a_check_that_was_not_run_is_never_worded_as_passed() -> None:
    for name in ("accuracy", "completeness", "usability", "safety"):
        decision = sound()
        reason = judgement("check-not-run", Severity.NOTE, name, "某原因")
        verdicts = tuple(replace(v, checks=checks(**{name: CheckResult.NOT_CHECKED}), findings=(reason,))
                         for v in decision.verdicts)
        text = cells(replace(decision, verdicts=verdicts))[name]
        assert "未检测(原因:某原因)" in text
        assert not [word for word in ("相符", "无误", "合格", "所载一致", "未发现") if word in text]


def test_nothing_compared_or_unread_is_never_worded_as_proven() -> None:
    decision = sound()
    bare = tuple(replace(v, counts=Counts(files=1, bytes=5), lines=(), coverage=CoverageSums(9, 0, 0, 9), checks=(),
                         findings=(), reference=replace(v.reference, anchor="P5", algorithms=()))
                 for v in decision.verdicts)
    texts = cells(replace(decision, verdicts=bare, appearance=""))
    assert texts["accuracy"].endswith("未作一致性比对(P5)。未检测(原因:未记录)。")
    assert "无误" not in texts["usability"]
    assert "相符" not in texts["completeness"]
    assert texts["not_checked"].count("未记录") == 7


def test_a_failed_check_is_named_even_where_every_line_is_equal() -> None:
    first, second = sound().verdicts
    second = replace(second, checks=checks(accuracy=CheckResult.FAILED), outcome=Outcome.FAILED)
    text = cells(replace(sound(), verdicts=(first, second)))["accuracy"]
    assert "未通过:J010-2025-01-G002-A。" in text
    assert "所载一致" not in text


def test_the_weakest_anchor_speaks_for_the_batch() -> None:
    first, second = sound().verdicts
    second = replace(second, reference=replace(second.reference, anchor="P4"))
    text = cells(replace(sound(), verdicts=(first, second)))["accuracy"]
    assert "与载体所附清单一致;该清单未载于盖章纸质表(P4)" in text


def test_an_undecided_batch_has_no_certificate() -> None:
    with pytest.raises(ValueError, match="undecided"):
        draw_certificate(replace(sound(), outcome=Outcome.UNDECIDED), io.BytesIO(), PRINTING)


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key != "never":
                yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)


def test_no_template_and_no_sheet_says_what_cannot_be_known() -> None:
    assert edition()["never"] == ["真实", "原件", "内容准确", "未被篡改", "无病毒", "永久可读", "符合DA/T 38",
                                  "通过四性检测", "全盘"]
    assert forbidden_words("此件真实、无病毒") == ("真实", "无病毒")
    texts = [text for name in EDITIONS for text in strings(dict(edition(name)))]
    folder = Path(labels.sentences.__file__).parent
    assert {path.stem for path in folder.glob("*.toml")} == {*EDITIONS, "notices", "evidence"}
    texts += strings(tomllib.loads((folder / "evidence.toml").read_text(encoding="utf-8")))
    for source in folder.glob("*.py"):
        texts += [n.value for n in ast.walk(ast.parse(source.read_text())) if isinstance(n, ast.Constant)
                  and isinstance(n.value, str)]
    for sample in (sound, hostile, large):
        texts += page_texts(drawn(sample()))
    assert not [(text[:40], forbidden_words(text)) for text in texts if forbidden_words(text)]
    assert not forbidden_words("".join(NOT_RUN.values()))
