"""UDF by mkudffs: every writable kind, filled by the kernel; write-once kinds, which hold a VAT and no file."""
from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from tests.corpus import content
from tests.corpus.recipe import Recipe, md5s, run

PAYLOADS = {"plain": content.plain(), "chinese": content.chinese(), "latin": content.latin(), "many": content.many(400),
            "deep": content.deep(14), "long": {f"{'年' * 80}{i}.doc": b"%d" % i for i in range(40)}}
PAYLOAD = {f"{kind}/{path}": raw for kind, files in PAYLOADS.items() for path, raw in files.items()}
# what a script does beyond copying, and the truth after it
BUSY = """cp -r /payload/chinese/. .
rm -r 案卷/0001*
i=0
while [ $i -lt 40 ]; do
    echo $i >> 一.log
    echo -$i >> 二.log
    cat /payload/plain/DATA/BLOCK.BIN >> 三.bin
    i=$((i+1))
done
mv A.TXT 案卷/改名.txt
ln 目录.txt 案卷/硬链接.txt
dd if=/payload/latin/Readme.first.txt of=洞.bin bs=1 seek=3000000 2>/dev/null
: > 空.dat
"""
LINKED = "cp -r /payload/plain/. .\nln -s DATA/SMALL.BIN soft\nln -s ../../etc/passwd out\nmknod pipe p\n"


def busy() -> dict[str, bytes]:
    kept = {path: raw for path, raw in content.chinese().items() if "0001" not in path and path != "A.TXT"}
    numbers = range(40)
    return {**kept, "一.log": "".join(f"{i}\n" for i in numbers).encode(), "空.dat": b"",
            "二.log": "".join(f"-{i}\n" for i in numbers).encode(), "三.bin": content.plain()["DATA/BLOCK.BIN"] * 40,
            "案卷/改名.txt": b"plain", "案卷/硬链接.txt": content.chinese()["目录.txt"],
            "洞.bin": bytes(3_000_000) + content.latin()["Readme.first.txt"]}


def formatted(media: str, revision: str, options: str, folder: Path) -> Path:
    image = folder / "image"
    with image.open("wb") as file:
        file.truncate(8 << 20)
    run("mkudffs", f"--media-type={media}", f"--udfrev={revision}", "--label=J010_2026_案卷", "--uuid=0123456789abcdef",
        *options.split(), image)
    return image


def cut_behind_the_vat(media: str, revision: str, options: str, folder: Path) -> Path:
    """An open write-once disc ends with its VAT; mkudffs leaves the rest of the image blank behind it."""
    image = formatted(media, revision, options, folder)
    recorded = len(image.read_bytes().rstrip(b"\0"))
    os.truncate(image, -(-recorded // 2048) * 2048)
    return image


def filled(media: str, revision: str, block: int = 2048, payload: str = "chinese", options: str = "",
           **more: Any) -> Recipe:
    """more: fields of `Recipe`."""
    words = f"--blocksize={block} {options}".strip()
    name = "-".join(["mkudffs", media, revision.replace(".", ""), *([str(block)] if block != 2048 else []),
                     *([payload] if payload != "chinese" else []),
                     *options.replace("--", "").replace("=", "-").split()])
    return Recipe(**{"name": name, "maker": "mkudffs + kernel",
                     "how": f"--media-type={media} --udfrev={revision} {words}",
                     "build": partial(formatted, media, revision, words), "layers": (f"UDF {revision}",),
                     "truth": md5s(PAYLOADS[payload]) if payload in PAYLOADS else {},
                     "fill": f"cp -r /payload/{payload}/. .\n", **more})


def empty(build: Callable[[str, str, str, Path], Path], media: str, revision: str, **more: Any) -> Recipe:
    whole = "" if build is cut_behind_the_vat else "-uncut"
    return Recipe(**{"name": f"mkudffs-{media}-{revision.replace('.', '')}-empty{whole}", "maker": "mkudffs",
                     "how": f"--media-type={media} --udfrev={revision}, no files",
                     "build": partial(build, media, revision, ""), "truth": {},
                     "layers": (f"UDF {revision}",), **more})


def recipes() -> tuple[Recipe, ...]:
    linked = {"truth": md5s(content.plain()), "fill": LINKED,
              "findings": {"symlink-noted": 2, "content-not-on-carrier": 1}}
    worked = {"truth": md5s(busy()), "fill": BUSY, "findings": {"deleted-content": 1}}
    streamed = {"findings": {"alternate-stream": 1}}        # *UDF Non-Allocatable Space; in 1.50 a file, not the unit's
    return (
        *(filled("hd", revision, 512) for revision in ("1.02", "1.50", "2.00", "2.01")),
        *(filled("hd", "2.01", block) for block in (1024, 2048, 4096)),
        filled("hd", "2.01", 512, "many"),
        filled("hd", "2.01", 2048, "busy", **worked),
        filled("hd", "2.01", 512, "busy", **worked),
        filled("hd", "1.02", 2048, "busy", **worked),
        filled("hd", "2.01", 2048, "links", **linked),
        *(filled("hd", "2.01", options=f"--ad={ad}") for ad in ("short", "long")),
        filled("hd", "2.01", options="--space=unallocbitmap"),
        filled("hd", "1.50", options="--space=unalloctable"),
        # said to be what it is, and nothing of it passed: its very root cannot be read
        filled("hd", "2.01", options="--strategy=4096", truth={}, findings={"structure-damaged": 1}),
        filled("hd", "2.01", options="--bootarea=mbr"),
        *(filled("dvdram", revision) for revision in ("1.02", "1.50", "2.00", "2.01")),
        filled("dvdram", "2.01", payload="many"),
        filled("dvdram", "2.01", payload="deep"),
        filled("dvdram", "2.01", payload="long"),
        filled("dvdram", "2.01", payload="busy", **worked),
        filled("dvdram", "1.50", payload="links", **linked),
        filled("dvdrw", "1.50"),
        filled("dvdrw", "2.01", **streamed),
        filled("cdrw", "1.50"),
        *(filled("cdrw", revision, **streamed) for revision in ("2.00", "2.01")),
        filled("cdrw", "2.01", payload="many", **streamed),
        filled("cdrw", "1.50", payload="busy", **worked),
        empty(formatted, "dvd", "1.02"),
        *(empty(cut_behind_the_vat, media, revision) for media, revision in (
            ("cdr", "1.50"), ("cdr", "2.01"), ("dvdr", "2.01"), ("dvdr", "2.50"), ("bdr", "2.50"), ("bdr", "2.60"))),
        empty(formatted, "cdr", "2.01"),
    )
