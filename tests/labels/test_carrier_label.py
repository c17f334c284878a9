"""Disc labels: size, fields, codes that machines read back, and who gets none."""
from __future__ import annotations

import io
import subprocess
from dataclasses import replace
from pathlib import Path

import pdfplumber
import pytest
import zxingcpp
from PIL import Image

from checks.verdict import Decision, Outcome, Verdict
from labels.carrier_label import Labelling, draw_disc_labels
from labels.page import MM
from tests.labels.paper_samples import hostile, large, sound

HEAD = "0123456789abcdef" * 4
LABELLING = Labelling("2025-05-07", "2029-05-07", face=True, head_sha256=HEAD)


def drawn(decision: Decision, verdict: Verdict, labelling: Labelling = LABELLING) -> bytes:
    target = io.BytesIO()
    draw_disc_labels(decision, verdict, target, labelling)
    return target.getvalue()


def codes(pdf: bytes, folder: Path) -> set[str]:
    (folder / "a.pdf").write_bytes(pdf)
    subprocess.run(["pdftoppm", "-r", "150", "-f", "1", "-l", "1", "-singlefile", "-png", folder / "a.pdf",
                    folder / "a"], check=True)
    with Image.open(folder / "a.png") as picture:
        return {code.text for code in zxingcpp.read_barcodes(picture)}


def test_the_codes_are_read_back(tmp_path: Path) -> None:
    verdict = sound().verdicts[0]
    head = (verdict.digests.content_sha256 or "")[:16]
    assert codes(drawn(sound(), verdict), tmp_path) == {
        "J010-2025-01-G001-A", f"J010-2025-01-J01|J010-2025-01-G001-A|{head}|passed|{HEAD[:16]}"}


def test_a_sheet_signed_by_the_station_itself_says_so() -> None:
    for own in (True, False):
        pdf = drawn(sound(), sound().verdicts[0], replace(LABELLING, self_signed=own))
        with pdfplumber.open(io.BytesIO(pdf)) as document:
            assert ("以纸质签章为准" in (document.pages[0].extract_text() or "")) is own


def test_a_chinese_number_has_no_bars_and_an_ascii_qr(tmp_path: Path) -> None:
    verdict = replace(sound().verdicts[0], carrier=replace(sound().verdicts[0].carrier, number="婚登-1"))
    decision = replace(sound(), verdicts=(verdict,))
    head = (verdict.digests.content_sha256 or "")[:16]
    assert codes(drawn(decision, verdict), tmp_path) == {
        f"J010-2025-01-J01|%E5%A9%9A%E7%99%BB-1|{head}|passed|{HEAD[:16]}"}


def test_the_insert_has_its_size_and_its_fields() -> None:
    verdict = sound().verdicts[0]
    digest = verdict.digests.content_sha256 or ""
    with pdfplumber.open(io.BytesIO(drawn(sound(), verdict))) as pdf:
        insert = max(pdf.pages[0].rects, key=lambda r: r["width"] * r["height"])
        assert (insert["width"], insert["height"]) == pytest.approx((120 * MM, 120 * MM), abs=0.01)
        strips = [r for r in pdf.pages[0].rects if abs(r["width"] - 118 * MM) < 0.01]
        assert [r["height"] for r in strips] == pytest.approx([6.5 * MM] * 2, abs=0.01)
        inside = pdf.pages[0].crop((insert["x0"] - 0.1, insert["top"], insert["x1"] + 0.1, insert["bottom"]))
        text = "".join((inside.extract_text() or "").split())
    for value in ("J010-2025-01-G001-A", "A封存", "单位名称XX局", "全宗号J010年度2025", "规格DVD-R张次第1张/共2张",
                  "实际容量4,489,216,000字节(4.181GB)",
                  f"内容摘要SHA-256{digest[:8]}…{digest[-8:]}台账0123456789abcdef", "接收日期2025-05-07",
                  "检验表编号J010-2025-01-J01", "下次检测2029-05-07", "存放位置", "已封存", "保管单位XX县档案馆"):
        assert value in text


def test_the_face_leaves_the_hub_blank_and_says_five_things() -> None:
    with pdfplumber.open(io.BytesIO(drawn(sound(), sound().verdicts[0]))) as pdf:
        face = pdf.pages[1]
        outer, hub = sorted(face.curves, key=lambda c: -c["width"])
        assert (outer["width"], hub["width"]) == pytest.approx((118 * MM, 46 * MM), abs=0.1)
        middle, centre, radius = (hub["x0"] + hub["x1"]) / 2, (hub["top"] + hub["bottom"]) / 2, 59 * MM
        printed = [c for c in face.chars if c["size"] > 8]
        for char in printed:
            far = [((x - middle) ** 2 + (y - centre) ** 2) ** 0.5
                   for x in (char["x0"], char["x1"]) for y in (char["top"], char["bottom"])]
            assert min(far) > 23 * MM
            assert max(far) < radius
        assert "".join(c["text"] for c in printed).replace(" ", "") == "J010-2025-01-G001-AA封存J010XX局2025-05-07"


def test_long_and_missing_values_keep_inside() -> None:
    verdict = replace(sound().verdicts[0], carrier=replace(sound().verdicts[0].carrier, set_code="", number="Z" * 60))
    form = replace(sound().form, fields={"unit_name": "某某自然资源和规划局" * 5, "description": "长" * 90})
    with pdfplumber.open(io.BytesIO(drawn(replace(sound(), verdicts=(verdict,), form=form), verdict))) as pdf:
        first = pdf.pages[0]
        assert not [c for c in first.chars if c["x0"] < 45 * MM or c["x1"] > 165 * MM]
        assert "".join((first.extract_text() or "").split()).count("长") == 39


def test_fonts_are_embedded_and_bytes_equal(tmp_path: Path) -> None:
    pdf = drawn(sound(), sound().verdicts[0])
    assert pdf == drawn(sound(), sound().verdicts[0])
    (tmp_path / "a.pdf").write_bytes(pdf)
    rows = subprocess.run(["pdffonts", tmp_path / "a.pdf"], capture_output=True, check=True, text=True).stdout
    assert [row.split()[-5:-2] for row in rows.splitlines()[2:]] == [["yes", "yes", "yes"]]


def test_only_an_accepted_disc_of_the_decision_gets_a_label() -> None:
    accepted, failed = hostile().verdicts
    assert drawn(hostile(), accepted)
    for decision, verdict in ((hostile(), failed), (large(), large().verdicts[1]),
                              (sound(), replace(accepted, intake="S1-2025-000099")),
                              (replace(sound(), outcome=Outcome.UNDECIDED), sound().verdicts[0])):
        with pytest.raises(ValueError, match="disc of this decision|carrier that passed"):
            drawn(decision, verdict)


def test_a_label_printed_again_says_so() -> None:
    raw = io.BytesIO()
    draw_disc_labels(sound(), sound().verdicts[0], raw, Labelling("2025-05-07", reprint=2))
    with pdfplumber.open(raw) as pdf:
        assert "J010-2025-01-J01 重打第2次" in (pdf.pages[0].extract_text() or "")
