"""What lies on a transfer carrier to describe it: found, read within bounds, held against the files and the form."""
from collections.abc import Mapping
from typing import cast

import pytest

from carriers.model import Carrier, CarrierId, CarrierKind, Finding, Structure
from checks.bind import Choice, bind
from checks.catalogues import (
    Enclosed,
    against,
    classified_level,
    enclosed_from,
    is_metadata,
    layout_of,
    look_into,
    words,
)
from checks.description import Measured, description_findings, read_description
from checks.entries import Entries, Matching, entry_findings, key, read_entries
from checks.judge import judge_findings
from checks.markup import Broken, decoded
from tests import transfer_kit as kit
from tests.checks.mutations import Held, carriers


def looked(contents: Mapping[str, bytes]) -> Enclosed:
    held = Held(contents)
    return look_into(cast(Carrier, held), held.layout)


def reasons(findings: object) -> list[tuple[str, str]]:
    return [(str(f.facts.get("reason", f.code)), f.path) for f in cast("list[Finding]", findings)]


def layout(*paths: str) -> Structure:
    return Held(dict.fromkeys(paths, b"x")).layout


def entries_of(*rows: Mapping[str, str], element: str = "文件") -> Entries:
    entries, broken = read_entries(kit.catalogue_xml(rows, element=element), words())
    assert broken is None
    return entries


# --- where things lie ------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("paths", "pieces", "root", "records"), [
    (["说明文件.TXT", "文件目录.XML", "电子档案/1.pdf"], [[0], [1], []], "", "电子档案/"),
    (["說明.txt", "说明文件.ＴＸＴ", "案卷目录.xml", "目录文件.Xml", "J010/1/1.pdf"], [[1], [3], [2]], "", ""),
    (["a.txt", "移交/说明文件.txt", "移交/电子档案/1/2.pdf"], [[1], [], []], "移交/", "移交/电子档案/"),
    (["甲/说明文件.txt", "乙/说明文件.txt"], [[], [], []], "", ""),
    (["说明文件.txt", "甲/说明文件.txt", "电子档案/说明文件.txt"], [[0], [], []], "", "电子档案/"),
    (["其他/说明文件.txt", "电子档案/1.pdf"], [[], [], []], "", "电子档案/"),
    (["甲/乙/说明文件.txt"], [[], [], []], "", ""),
])
def test_the_structure_is_found(paths: list[str], pieces: list[list[int]], root: str, records: str) -> None:
    found = layout_of(layout(*paths))
    assert ([list(p) for p in found.pieces.values()], found.root, found.records) == (pieces, root, records)
    assert bool(found.rivals) == (paths[0] == "甲/说明文件.txt")


def test_a_record_lies_below_its_directory_only() -> None:
    with_records = layout_of(layout("说明文件.txt", "电子档案/1.pdf", "其他/a.txt", "b/c.txt"))
    without = layout_of(layout("说明文件.txt", "J010/1.pdf", "其它/a.txt"))
    holds = [[f.holds_record(p) for p in ("电子档案/1.pdf", "J010/1.pdf", "其他/a.txt", "其它/a.txt", "说明文件.txt")]
             for f in (with_records, without)]
    assert holds == [[True, False, False, False, False], [True, True, True, False, False]]


@pytest.mark.parametrize(("name", "yes"), [
    ("电子档案元数据.XML", True), ("a/电子档案J010-1元数据.xml", True), ("电子档案1元数据.ｘｍｌ", True),
    ("电子档案元数据.xml.bak", False), ("元数据.xml", False), ("metadata.xml", False)])
def test_metadata_are_known_by_name(name: str, yes: bool) -> None:
    assert is_metadata(name) is yes


# --- 说明文件 --------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("separator", [":", "：", "=", " : "])
def test_a_description_is_read(encoding: str, separator: str) -> None:
    text = "说明文件\r\n1、载体编号%sG-1\r\n　摘要信息（MD5）%s ab:cd\n软、硬件环境%s\n没有标签\n" % ((separator,) * 3)
    found = read_description(text.encode(encoding), words()["labels"])
    assert found is not None
    assert found.values == {"carrier_no": "G-1", "digest": "ab:cd", "environment": ""}
    assert found.other_lines == ("说明文件", "没有标签")


def test_a_description_of_no_encoding_is_none() -> None:
    assert read_description(b"\xff\x80" * 9, words()["labels"]) is None
    assert read_description("载体编号: 1\0".encode(), words()["labels"]) is None


OURS = Measured({"items": (12,), "files": (30, 33, 34)}, (1_500_000, 1_610_612_736))


@pytest.mark.parametrize(("written", "wrong"), [
    ("12件", []), ("１２件", []), ("12", []), ("30", []), ("文件12件，共30个文件,1.5GB", []),
    ("12件 1,500,000字节", []), ("2026年文书12件", []),
    ("11件", ["11件"]), ("12件,31个文件", ["31个文件"]), ("35", ["35"]), ("1.7GB", ["1.7GB"]), ("3卷12件", []),
    ("若干", []), ("12件,计2张", [])])
def test_amounts_are_held_against_what_was_counted(written: str, wrong: list[str]) -> None:
    found = description_findings({**dict.fromkeys(words()["labels"], "x"), "amount": written, "code_range": "",
                                  "item_count": "", "volume_count": "", "file_count": "", "byte_count": ""},
                                 OURS, None, words())
    assert [f.facts["declared"] for f in found if f.facts["reason"] in ("amount", "size")] == wrong


@pytest.mark.parametrize(("written", "said"), [
    ("A-1至A-9", False), ("A·1 ~ A.9", False), ("A-1", False), ("A-1至A-10", True), ("B-1—A-9", True)])
def test_the_range_of_codes(written: str, said: bool) -> None:
    codes = frozenset(map(key, ("A-1", "A.1", "A-9", "A.9")))
    found = description_findings({"code_range": written}, OURS, codes, words())
    assert any(f.facts["reason"] == "code-range" for f in found) is said


# --- catalogues ------------------------------------------------------------------------------------------------------

def test_entries_are_read_through_wrappers_prefixes_and_attributes() -> None:
    text = ('<a:目录文件 xmlns:a="b"><文件目录><a:文件 a:档号="X-1" 密级="公开"><顺序号> 1 </顺序号></a:文件>'
            "<文件><子><档号>无</档号></子><档号>X<!-- -->-<![CDATA[2]]></档号><档号>X-3</档号></文件>"
            "</文件目录></a:目录文件>")
    entries, broken = read_entries(text, words())
    assert broken is None
    assert (entries.codes, list(entries.numbers), entries.root) == (["X-1", "X-2"], [1, -1], "目录文件")
    assert dict(entries.levels) == {"公开": 1}


def test_items_within_volumes_are_numbered_anew() -> None:
    text = ("<案卷目录>" + "".join(
        f"<案卷><顺序号>{n}</顺序号><档号>A-{n}</档号>" + "".join(
            f"<文件><顺序号>{m}</顺序号><档号>A-{n}-{m}</档号></文件>" for m in (1, 2)) + "</案卷>" for n in (1, 2))
        + "</案卷目录>")
    entries, broken = read_entries(text, words())
    assert broken is None and (entries.count("volumes"), entries.count("items")) == (2, 4)
    assert list(entry_findings(entries, "")) == []


@pytest.mark.parametrize(("numbers", "said"), [
    ("1 2 3", []), ("3 1 2", []), ("501 502", []), ("0 1", []), ("1 1", ["number-double"]), ("1 3", ["number-gap"]),
    ("1 999999999999999", ["number-gap"]), ("1 x", ["number-missing"]), ("1 9999999999999999", ["number-missing"])])
def test_running_numbers(numbers: str, said: list[str]) -> None:
    entries = entries_of(*({"顺序号": number, "档号": f"A-{n}"} for n, number in enumerate(numbers.split())))
    assert [f.facts["reason"] for f in entry_findings(entries, "")] == said


FILES = ["电子档案/2026/A-1.pdf", "电子档案/2026/A-2/正文.pdf", "电子档案/2026/A-2/附件/图.jpg",
         "电子档案/2026/A·3-001.tif", "电子档案/2026/长名.PDF", "电子档案/卷/001.jpg"]


@pytest.mark.parametrize(("row", "named", "absent"), [
    ({"档号": "A-1"}, [0], []),
    ({"档号": "a－1"}, [0], []),
    ({"档号": "A-2"}, [1, 2], []),
    ({"档号": "A.3"}, [3], []),
    ({"档号": "A"}, [0, 1, 2, 3], []),                       # a 案卷 whose files are numbered after it
    ({"档号": "A-9"}, [], ["A-9"]),
    ({"档号": "A-9", "电子档案名称": "长名.pdf"}, [4], []),
    ({"档号": "A-9", "电子档案名称": "长名"}, [4], []),
    ({"电子档案名称": "\\电子档案\\2026\\A-2\\正文.pdf"}, [1], []),
    ({"电子档案名称": "2026/A-2"}, [1, 2], []),
    ({"电子档案名称": "A-2/附件/图.jpg；长名.pdf"}, [2, 4], []),
    ({"电子档案名称": "长名.pdf、没有.pdf"}, [4], ["没有.pdf"]),
    ({"档号": "A-1", "电子档案名称": "另一.pdf"}, [0], ["另一.pdf"]),
    ({"档号": "A-1", "电子档案名称": "一份通知"}, [0], []),
    ({"电子档案名称": "一份通知"}, [], ["一份通知"]),
    ({"档号": "A-1", "电子档案名称": "../A-1.pdf"}, [0], []),
    ({"路径": "电子档案/卷"}, [5], []),
    ({}, [], []),
])
def test_entries_meet_files(row: Mapping[str, str], named: list[int], absent: list[str]) -> None:
    matching = Matching([entries_of({"顺序号": "1", **row})])
    assert [n for n, path in enumerate(FILES) if matching.take(path, n)] == named
    assert [name for _, name in matching.without_files()] == absent


def test_the_longest_code_names_a_file_and_a_volume_beside_it() -> None:
    items, volumes = entries_of({"档号": "A-1"}, {"档号": "A-1-2"}), entries_of({"档号": "A"}, element="案卷")
    matching = Matching([items, volumes])
    assert matching.take("A-1-2-003.jpg", 0)
    assert list(matching.answered) == [0, 1, 1]


def test_names_in_another_tree_count() -> None:
    """Joliet cuts names at 64 characters."""
    contents = kit.carrier_2012()
    long = "很长的题名" * 20 + ".pdf"
    contents["文件目录.XML"] = kit.catalogue_xml([{**row, "电子档案名称": long} if n == 0 else row
                                              for n, row in enumerate(kit.rows())]).encode()
    path = f"电子档案/2026/文书/{kit.CODES[0]}.pdf"
    contents[f"电子档案/2026/文书/{long[:60]}.pdf"] = contents.pop(path)
    held = Held(contents)
    tree = held.layout.trees[0]
    assert ("entry-without-file", long) in reasons(look_into(cast(Carrier, held), held.layout).findings)
    rock_ridge = [p.replace(long[:60] + ".pdf", long) for p in tree.paths]
    with_trees = Structure(*[getattr(held.layout, name) for name in list(Structure.__dataclass_fields__)[:7]],
                           (tree, tree.__class__("Rock Ridge", rock_ridge, tree.file_nos)))
    assert look_into(cast(Carrier, held), with_trees).findings == ()


@pytest.mark.parametrize(("level", "word"), [
    ("公开", ""), ("内部", ""), ("", ""), ("非密", ""), ("非涉密", ""), ("解密", ""), ("3", ""), ("GK", ""),
    ("秘密", "秘密"), ("机密★20年 张三", "机密"), ("绝 密", "绝密"), ("ＪＭ", "jm"), ("密", "密"),
    ("Secret", "secret")])
def test_a_level_is_classified_or_not(level: str, word: str) -> None:
    assert classified_level(level) == word


def test_a_classified_carrier_keeps_nothing_else() -> None:
    contents = kit.carrier_2022()
    second = kit.catalogue_xml(kit.rows(密级="机密")).encode("gb18030")       # not even the one that counts
    contents["文件目录.XML"] = second
    assert looked(contents) == Enclosed(classified="机密")
    rivals = {"甲/说明文件.TXT": b"", "乙/文件目录.XML": second}
    assert looked(rivals) == Enclosed(classified="机密")
    contents = kit.carrier_2022()
    contents["说明文件.TXT"] += "最高密级：秘密\r\n".encode()
    assert looked(contents) == Enclosed(classified="秘密")


def test_what_is_read_before_the_pass_is_bounded() -> None:
    large = b" " * (9 << 20)
    names = [f"{a}/{b}" for a in "甲乙丙丁" for b in ("文件目录.XML", "案卷目录.XML")]
    found = looked(dict.fromkeys(names, large) | {"戊/文件目录.XML": b" " * ((16 << 20) + 1)})
    said = reasons(found.findings)
    assert said.count(("not-checked", "戊/文件目录.XML")) == 1 and [r for r, _ in said].count("not-checked") == 2


def test_what_is_kept_comes_back() -> None:
    enclosed = looked(kit.carrier_2022())
    assert enclosed.findings == () and enclosed.counts == {"items": 3}
    assert enclosed_from(enclosed.record()) == enclosed
    assert enclosed_from({}) == Enclosed()


def test_a_backup_is_asked_for_nothing() -> None:
    bare = layout("a.zip")
    binding = bind(None, CarrierId(CarrierKind.DISC, "", "", "", 0, ""), bare, Choice())
    assert list(against(Enclosed(), bare, None, binding, "backup")) == []
    assert reasons(list(against(Enclosed(), bare, None, binding, "transfer"))) == [
        ("piece-missing", "说明文件.TXT"), ("catalogue-missing", "")]


# --- text ------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("raw", "encoding", "declared"), [
    ("<?xml version='1.0' encoding='GB2312'?><文件目录/>".encode("gb2312"), "gb18030", ""),
    ("<?xml version='1.0' encoding='gbk'?><文件目录>镕</文件目录>".encode("gbk"), "gb18030", ""),
    ("<?xml version='1.0'?><文件目录/>".encode(), "utf-8", ""),
    ("\ufeff<文件目录/>".encode(), "utf-8-sig", ""),
    ("\ufeff<?xml version='1.0' encoding='GB2312'?><文件目录/>".encode(), "utf-8-sig", "GB2312"),
    ("<?xml version='1.0' encoding='UTF-16'?><文件目录/>".encode("utf-16"), "utf-16-le", ""),
    ("<?xml version='1.0' encoding='UTF-16'?><a/>".encode("utf-16-be"), "utf-16-be", ""),
    ("<文件目录/>".encode("gb18030"), "gb18030", "-"),
    ("<?xml version='1.0' encoding='UTF-8'?><文件目录/>".encode("gb18030"), "gb18030", "UTF-8"),
    ("<?xml version='1.0' encoding='GB18030'?><文件目录/>".encode(), "utf-8", "GB18030"),
    (b"<?xml version='1.0' encoding='GB18030'?><a/>", "gb18030", ""),
    ("<?xml version='1.0' encoding='big5'?><文件目录/>".encode("gb18030"), "gb18030", "big5"),
])
def test_the_encoding_is_what_it_is(raw: bytes, encoding: str, declared: str) -> None:
    found = decoded(raw)
    assert (found.encoding, found.declared) == (encoding, declared)
    assert not found.text.startswith("\ufeff") and found.text.endswith(">")


def test_bytes_of_no_encoding_are_said_with_their_line() -> None:
    with pytest.raises(Broken) as broken:
        decoded(b"<a>\n\n" + "档案".encode() + b"\xff\xff</a>")
    assert (broken.value.reason, broken.value.line) == ("encoding", 3)


@pytest.mark.parametrize(("text", "reason", "line"), [
    ("", "syntax", 1), ("<a>\n</b>", "syntax", 2), ("<a/>\n<b/>", "syntax", 2), ("<a>\0</a>", "syntax", 1),
    ("<a>&x;</a>", "syntax", 1), ("\n<?xml version='1.0'?><a/>", "syntax", 2), ("<!DOCTYPE a><a/>", "dtd", 1),
    ("<a>" * 65, "depth", 1), ("<a>\n" + "<b/>" * 2_000_000 + "</a>", "too-many", 2),
])
def test_what_cannot_be_parsed_is_said(text: str, reason: str, line: int) -> None:
    _, broken = read_entries(text, words())
    assert broken is not None and (broken.reason, broken.line) == (reason, line)


def test_mutations_raise_nothing_and_every_finding_is_worded() -> None:
    """A sample; a hundred thousand were run once."""
    said = 0
    for contents in carriers(20260105, 400):
        said += len(judge_findings(looked(contents).findings, "transfer"))
    assert said > 200
