"""Transfer carriers for vectors and tests: the storage structures of domain §2.2 in both variants."""
from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from checks.bind import Choice
from tests.vectors_kit import NUMBER, SHEET, Case, genisoimage, lines_of, workbook

TRANSFER = Choice(profile="transfer")
CODES = ("J010-WS·2026-Y-0001", "J010-WS·2026-Y-0002", "J010-WS·2026-Y-0003")
METADATA = '<?xml version="1.0" encoding="{encoding}"?>\r\n' \
           '<电子档案><档号>{code}</档号><密级>{level}</密级></电子档案>\r\n'
DESCRIPTION_2012 = {
    "载体容量": "700MB", "载体类型": "CD-R", "载体编号": NUMBER, "载体保管单位": "示例县档案馆",
    "载体制作单位": "示例县民政局", "载体检查单位": "示例县民政局", "硬件环境": "PC", "软件环境": "Windows 7"}
DESCRIPTION_2022 = {
    "移交单位": "示例县民政局", "内容描述": "2026年文书档案", "起止档号": f"{CODES[0]}至{CODES[-1]}", "档案数量": "3件",
    "软硬件环境": "通用", "载体编号": NUMBER}


def body(name: str) -> bytes:
    """Content of a record, its own for each name."""
    return b"%PDF-1.7\n" + hashlib.shake_128(name.encode()).digest(2500)


def rows(codes: Sequence[str] = CODES, *, named: bool = True, **changed: str) -> list[dict[str, str]]:
    """The fields of catalogue entries, one for each 档号."""
    return [{"顺序号": str(n), "档号": code, "责任者": "示例县民政局", "题名": f"关于第{n}号事项的通知",
             "日期": "20260105", "密级": "公开", "备注": "",
             **({"电子档案名称": f"{code}.pdf"} if named else {"保管期限": "永久", "页数": "3"}), **changed}
            for n, code in enumerate(codes, 1)]


def catalogue_xml(entries: Sequence[Mapping[str, str]], encoding: str = "UTF-8", *, element: str = "文件",
                  root: str = "文件目录") -> str:
    """A catalogue as a unit's tool writes it."""
    inner = "".join(f"  <{element}>" + "".join(f"<{k}>{v}</{k}>" for k, v in entry.items()) + f"</{element}>\r\n"
                    for entry in entries)
    return f'<?xml version="1.0" encoding="{encoding}"?>\r\n<{root}>\r\n{inner}</{root}>\r\n'


def encoded(text: str, encoding: str) -> bytes:
    """The bytes of a text. Python's gb2312 takes A1A4 for U+30FB; what units write there is the dot of a 档号."""
    return text.encode("gbk" if encoding == "GB2312" else encoding)


def description(items: Mapping[str, str]) -> str:
    return "".join(f"{label}: {value}\r\n" for label, value in items.items())


def metadata(code: str, encoding: str, level: str = "公开") -> bytes:
    return encoded(METADATA.format(encoding=encoding, code=code, level=level), encoding)


def carrier_2012(encoding: str = "GB18030") -> dict[str, bytes]:
    """说明文件, 文件目录, 电子档案/年度/类别, 其他."""
    files = {"说明文件.TXT": encoded(description(DESCRIPTION_2012), encoding),
             "文件目录.XML": encoded(catalogue_xml(rows(), encoding), encoding),
             "其他/元数据方案.txt": encoded("本单位元数据方案", encoding)}
    for code in CODES:
        files[f"电子档案/2026/文书/{code}.pdf"] = body(code)
        files[f"电子档案/2026/文书/电子档案{code}元数据.XML"] = metadata(code, encoding)
    return files


def carrier_2022(encoding: str = "UTF-8") -> dict[str, bytes]:
    """说明文件, 目录文件, 全宗/分类/档号 with metadata and content."""
    files = {"说明文件.TXT": encoded(description(DESCRIPTION_2022), encoding),
             "目录文件.XML": encoded(catalogue_xml(rows(named=False), encoding), encoding),
             "其他/移交说明.pdf": body("移交说明")}
    for code in CODES:
        files[f"J010/WS/{code}/正文.pdf"] = body(code)
        files[f"J010/WS/{code}/电子档案元数据.XML"] = metadata(code, encoding)
    return files


def transfer(folder: Path, content: Mapping[str, bytes], image: Path | None = None, **sheet: str) -> Case:
    """A transfer of this content, all listed on a workbook form, on an image by genisoimage if none is given."""
    source = image or genisoimage(folder, content, "-J", "-R", "-joliet-long")
    return Case(source, workbook(folder, lines_of(content), sheet={**SHEET, **(sheet or {"数量(件)": "3"})}), TRANSFER)
