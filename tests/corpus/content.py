"""What lies on the images: few bytes, many shapes."""
from __future__ import annotations

import hashlib


def noise(seed: str, length: int) -> bytes:
    """Bytes that are the same every time and like no other seed's."""
    return hashlib.shake_128(seed.encode()).digest(length)


def plain() -> dict[str, bytes]:
    """Names that ISO 9660 level 1 allows."""
    return {"README.TXT": noise("readme", 700), "DATA/SMALL.BIN": noise("small", 513),
            "DATA/BLOCK.BIN": noise("b", 2048), "DATA/SUB/BIG.BIN": noise("big", 70_001), "DATA/SUB/B.TXT": b"b\n"}


def chinese() -> dict[str, bytes]:
    """An archive's names; an empty file, one that fills its blocks, spaces, two cases."""
    return {"目录.txt": "全宗 J010\n".encode() * 50, "案卷/0001 永久/整块.bin": bytes(range(256)) * 16,
            "案卷/0001 永久/空.txt": b"", "案卷/0002 定期30年/大文件.bin": noise("large", 300_000),
            "案卷/lower case.TXT": b"x", "案卷/README.md": noise("md", 2049), "A.TXT": b"plain"}


def latin() -> dict[str, bytes]:
    """Latin names longer than 8.3, mixed case, several dots."""
    return {"Readme.first.txt": noise("1", 100), "mixed Case/Annual Report 2025.final.pdf": noise("2", 9000),
            "mixed Case/sub-dir.d/x+y,z.dat": noise("3", 2047), "no_extension": noise("4", 1)}


def long_names() -> dict[str, bytes]:
    """255 bytes in UTF-8 and in ASCII: continuation areas of Rock Ridge, the limits of Joliet."""
    return {"关于印发档案登记备份办法的通知及其附件" * 4 + ".pdf": noise("l1", 40), "x" * 250 + ".txt": noise("l2", 50),
            "年" * 60 + ".doc": noise("l3", 60), "y" * 60 + ".doc": noise("l4", 70), "short.txt": b"s"}


def deep(levels: int = 11) -> dict[str, bytes]:
    """More than the eight levels of ISO 9660."""
    path = "/".join(f"第{i}级" for i in range(levels))
    return {f"{path}/深处.txt": noise("deep", 300), "第0级/第1级/浅.txt": b"shallow", "根.txt": b"root"}


def many(count: int = 600) -> dict[str, bytes]:
    """Directories of several blocks."""
    return {f"扫描件/{i // 300:02}/第{i:04}页.jpg": noise(f"p{i}", 37 + i % 50) for i in range(count)}


def plain_many(count: int = 200) -> dict[str, bytes]:
    return {f"SCAN/P{i:04}.JPG": noise(f"q{i}", 30 + i % 40) for i in range(count)}


def odd_names() -> dict[str, bytes]:
    """What Windows forbids and Unix allows."""
    return {"-rf": b"dash", "a*b?c.txt": b"stars", "tab\there": b"tab", "quote'\"q": b"quotes", " leading": b"sp",
            "trailing.": b"dot", "semi;1": b"semi", "back\\slash": b"back", "new\nline": b"newline"}
