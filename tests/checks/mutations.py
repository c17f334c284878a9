"""Seeded mutations of the files that describe a transfer carrier: bytes changed, cut out, doubled, moved; markup."""
from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from typing import TypeVar

from carriers.model import Addressing, Extent, FileEntry, Files, Structure, Tree
from tests import transfer_kit as kit

_Unit = TypeVar("_Unit")
_PLANTS = (b"<", b">", b"&", b"</", b"<!DOCTYPE a [", b"<!ENTITY a 'b'>", b"&a;", b"\0", b"\xff", b"\xef\xbb\xbf",
           b"\r", b"<![CDATA[", b"<!--", b"]]>", b"xmlns:a='b'", b"9" * 30, b"=" * 70, b"..\\", b"/" * 9, b"\x80" * 5,
           b" " * 50, "文件".encode("gb18030"), "档号".encode("utf-16-le"))
_WORDS = ("<文件>", "</文件>", "<案卷>", "</案卷>", "<档号>", "</档号>", "<顺序号>", "</顺序号>", "：", "=", "\n",
          "0", "9" * 19, "-", "至", "1.5GB", "件", ";", "\\", "/", "..", ".pdf", "E:\\", "①", "\U00020000",
          "·", "&#65;", "&amp;", " a='b'", "<a:文件 档号='x'>", "<电子档案名称>", "</电子档案名称>", "<![CDATA[", "]]>",
          "\u202e", "\ufeff", "１")


class Held:
    """A carrier whose files are in memory; only what is read before the pass is there."""

    def __init__(self, contents: Mapping[str, bytes]) -> None:
        files = Files()
        for path, raw in contents.items():
            files.add(FileEntry(path, b"", len(raw), (Extent(len(files), len(raw)),) if raw else ()))
        self.contents = list(contents.values())
        self.layout = Structure(("test",), Addressing.BLOCKS, 2048, 9, 9 * 2048, 9, files,
                                (Tree("files", files.paths, range(len(files))),))

    def content(self, file_no: int) -> bytes | None:
        return self.contents[file_no]


def samples() -> list[tuple[str, dict[str, bytes]]]:
    """(encoding, carrier): both variants in every encoding."""
    return [("gbk" if encoding == "GB2312" else encoding, make(encoding))
            for make in (kit.carrier_2012, kit.carrier_2022)
            for encoding in ("GB18030", "GB2312", "UTF-8", "UTF-16")]


def mutated(chance: random.Random, raw: bytes, encoding: str) -> bytes:
    """One to four changes of a text, of its bytes or of its characters."""
    if chance.randrange(2):
        text = raw.decode(encoding)
        for _ in range(chance.randint(1, 4)):
            text = "".join(_changed(chance, list(text), [chance.choice(_WORDS)]))
        return text.encode(encoding, "replace")
    for _ in range(chance.randint(1, 4)):
        raw = bytes(_changed(chance, list(raw), list(chance.choice(_PLANTS))))
    return raw


def _changed(chance: random.Random, units: list[_Unit], plant: list[_Unit]) -> list[_Unit]:
    at, length = chance.randrange(len(units) + 1), chance.choice((1, 1, 2, 3, 10, 200))
    before, piece, after = units[:at], units[at:at + length], units[at + length:]
    match chance.randrange(6):
        case 0:
            return before + chance.sample(units, min(len(units), length)) + after
        case 1:
            return before + after
        case 2:
            return before + piece * chance.choice((2, 3, 50)) + after
        case 3:
            to = chance.randrange(len(units) + 1)
            return units[:to] + piece + units[to:]
    return before + plant + piece + after


def carriers(seed: int, count: int) -> Iterator[dict[str, bytes]]:
    """Carriers whose 说明文件 or catalogue, or both, were mutated; and now and then a file of metadata."""
    chance, sound = random.Random(seed), samples()
    for _ in range(count):
        encoding, kept = chance.choice(sound)
        contents = dict(kept)
        names = [n for n in contents if n.endswith(("文件.TXT", "目录.XML", "目录文件.XML"))]
        names += [n for n in contents if n.endswith("元数据.XML")][:1]
        for name in chance.sample(names, chance.randint(1, 2)):
            contents[name] = mutated(chance, contents[name], encoding)
        yield contents
