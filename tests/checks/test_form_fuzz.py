"""Cells of forms, damaged at random: no exception, no digest dropped unsaid, none trusted but as its cell has it."""
from __future__ import annotations

import hashlib
import random
import re
import unicodedata
from collections.abc import Callable, Sequence

import pytest

from checks.normalise import DIGEST_DIGITS
from checks.workbook import Cell, Sheet, Tables, read_sheets

Rows = list[list[Cell]]
MUTATIONS = 1000                    # of each sample


def digest(number: int, algorithm: str = "md5") -> str:
    return hashlib.new(algorithm, bytes([number])).hexdigest()


NATIONAL: Rows = [
    ["电子档案数字摘要"], ["单位名称(盖章):", "某局", "填表人:张三"], [],
    ["载体(包)编号", "内容说明", "数字摘要", "实际容量(GB)"],
    *([f"J010-G{n:03d}", "公文", digest(n), "6.127"] for n in range(4)), ["合计", "", "", b"24"], ["注:一式两份"]]
WHOLE: Rows = [
    ["全宗号", "J010", "", "※ 说明"], ["(联系人)", ""], ["数量(件)", b"2"],
    ["序号", "载体(包)编号", "文件名", "摘要算法", "数字摘要", "字节数", "摘要对象", "是否分卷", "备注"],
    *([b"%d" % n, "G001", f"档/{n}.pdf", "SHA-256", digest(n, "sha256"), b"100", "单个文件", "", ""] for n in range(4)),
    [b"5", "", "e.7z", "SM3", digest(5, "sha256"), "", "多文件", "3", "目录数据包"],
    ["序号", "载体编号", "载体形式", "卷标", "套别"], [b"1", "G001-A", "光盘", "J010_A", "A"],
    ["序号", "档号", "题名"], [b"1", "J010-1", "通知"]]
COLUMNS: Rows = [
    ["路径", "文件名", "MD5", "SHA1"], *(["E:\\档", f"{n}.pdf", digest(n), digest(n, "sha1")] for n in range(4)),
    ["E:\\档", "x", f"MD5:{digest(9)}\nSHA1:{digest(9, 'sha1')}", ""]]
LETTERS = "0aAfgOl １ａ:：-\n\t\0\ufffd\u202e()（）*,;、|/\\.=\"'MD5SHA合计注目录包秘※𠀀"


def damaged(rows: Rows, chance: random.Random) -> tuple[Rows, list[tuple[int, int, int, int]]]:
    """A few changes of letters, cells, rows and merged rectangles."""
    made = [list(cells) for cells in rows]
    for _ in range(chance.randrange(1, 5)):
        cells = chance.choice(made)
        at = chance.randrange(len(cells)) if cells else 0
        act = chance.randrange(8)
        if act < 3 and cells and isinstance(text := cells[at], str):
            place = chance.randrange(len(text) + 1)
            cells[at] = text[:place] + chance.choice(["", *LETTERS]) + text[place + chance.randrange(2):]
        elif act == 3 and cells:
            cells[at] = chance.choice([b"1.234e+31", b"17", b"True", "", digest(7), "1E+30", "数字摘要", "MD5"])
        elif act == 4 and cells:
            del cells[at]
        elif act == 5:
            cells.insert(at, chance.choice(["", "x", digest(8), b"3"]))
        elif act == 6:
            made.insert(chance.randrange(len(made)), list(chance.choice(made)))
        elif act == 7:
            made.remove(cells)
    corners = [(chance.randrange(9), chance.randrange(5)) for _ in range(chance.randrange(3))]
    return made, [(top, left, top + chance.randrange(4), left + chance.randrange(3)) for top, left in corners]


def hexes_of(cell: Cell) -> set[str]:
    """The digests that a person reads in a cell: its hex, blanks and signs between left out, name taken off."""
    if isinstance(cell, bytes):
        return set()
    found = set()
    for text in [cell, *re.split(r"[\n;,；，、]", cell)]:
        plain = re.sub(r"[\s:：=()\[\]'\"`‐-―-]", "", unicodedata.normalize("NFKC", text)).lower()
        for name in ("md5", "sha1", "sha256", "sha2256", "sm3", "crc32", "0x", ""):
            found |= {plain.removeprefix(name), plain.removeprefix(name).removeprefix("0x"), plain.removesuffix(name)}
    return {text for text in found if len(text) in DIGEST_DIGITS.values()}


def check(rows: Rows, tables: Tables) -> None:
    for line in tables.lines:
        assert bool(line.digest) == (not line.defect), line
        if line.digest:
            assert len(line.digest) == DIGEST_DIGITS[line.algorithm]
            assert any(line.digest in hexes_of(cell) for cell in rows[line.line_no - 1]), (line, rows[line.line_no - 1])
    said = {*tables.lines.line_nos, *(row for _, row, _ in tables.outside)}
    for number, cells in enumerate(rows, 1):
        for cell in cells:
            if isinstance(cell, str) and re.fullmatch(r"[0-9a-f]{32,64}", cell) and cell not in tables.fields.values():
                assert number in said, (number, cells)


def fuzz(sample: Rows, seeds: Sequence[int], report: Callable[[int], None] = lambda seed: None) -> int:
    """Damage a sample with each seed and read it; gives how many trusted lines there were."""
    trusted = 0
    for seed in seeds:
        report(seed)
        rows, merged = damaged(sample, random.Random(seed))
        tables = read_sheets([Sheet("s", [(n, tuple(cells)) for n, cells in enumerate(rows, 1)], merged)])
        check(rows, tables)
        trusted += len(tables.lines) - len(tables.lines.defects)
    return trusted


@pytest.mark.parametrize("sample", [NATIONAL, WHOLE, COLUMNS], ids=["national", "whole", "columns"])
def test_no_damage_to_cells_is_believed(sample: Rows) -> None:
    assert fuzz(sample, range(MUTATIONS)) > MUTATIONS
