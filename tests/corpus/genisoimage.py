"""Images by genisoimage: levels, Joliet, Rock Ridge, UDF bridges, boot records, hybrids, sessions."""
from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from tests.corpus import content
from tests.corpus.recipe import BLOCK, VOUCHED, Recipe, blocks, md5s, patch, plant, run

Prepare = Callable[[Path], None]                # changes the planted folder before it is mastered
BOOT = {"boot/boot.img": content.noise("boot", 2048), "boot/efi.img": content.noise("efi", 4096)}
CATALOGUE = {"boot/boot.cat": VOUCHED}
TORITO = "-b boot/boot.img -c boot/boot.cat -no-emul-boot -boot-load-size 4"
OTHER = {"file-system-unknown": 1}              # HFS or HFS+ beside the volume, which we name and do not read
LINK_STEP = 150                                 # blocks of run-out, run-in and lead-in that a session costs here


def layers_of(options: str) -> tuple[str, ...]:
    words = options.split()
    return ("ISO 9660", *(["Rock Ridge"] if {"-R", "-r"} & set(words) else []),
            *(["Joliet"] if {"-J", "-joliet-long"} & set(words) else []), *(["UDF 1.02"] if "-udf" in words else []))


def mastered(options: str, files: Mapping[str, bytes], prepare: Prepare | None, folder: Path) -> Path:
    root = plant(folder, files)
    if prepare is not None:
        prepare(root)
    fixed = {"-input-charset", "-hfs", "4"} & set(options.split())      # with which it accepts no charset of ours
    run("genisoimage", "-quiet", *([] if fixed else ["-input-charset", "utf-8"]), "-o", "image", *options.split(),
        "content", cwd=folder)
    return folder / "image"


def geniso(name: str, options: str, files: Mapping[str, bytes], prepare: Prepare | None = None,
           **more: Any) -> Recipe:
    """more: fields of `Recipe`; also `extra`, added to the truth."""
    truth = {**md5s(files), **more.pop("extra", {})}
    return Recipe(**{"name": f"genisoimage-{name}", "maker": "genisoimage", "how": options or "(no option)",
                     "build": partial(mastered, options, files, prepare), "truth": truth,
                     "layers": layers_of(options), **more})


# --- folders that are more than files -----------------------------------------------------------------------------

def links(root: Path) -> None:
    os.link(root / "a/one.txt", root / "two.txt")
    (root / "in").symlink_to("a/one.txt")
    (root / "out").symlink_to("../../etc/passwd")


def gbk(root: Path) -> None:
    raw = os.fsencode(root)
    for name in ("诚信档案.txt", "乗.txt"):             # a second byte of 0x5C
        Path(os.fsdecode(raw + b"/" + name.encode("gbk"))).write_bytes(name.encode())


def weights(root: Path) -> None:
    """Files in another order than their names."""
    files = sorted(path for path in root.rglob("*") if path.is_file())
    lines = (f"{path.relative_to(root.parent)} {weight}\n" for weight, path in enumerate(files))
    (root.parent / "weights").write_text("".join(lines))


def large_boot(root: Path) -> None:
    """A floppy's image, as El Torito emulates it."""
    (root / "floppy.img").write_bytes(content.noise("floppy", 1440 * 1024))


# --- sessions -----------------------------------------------------------------------------------------------------

def write_once(options: str, sessions: tuple[Mapping[str, bytes], ...], folder: Path) -> Path:
    """Each session imports the one before and lies after a gap; block 16 still shows the first, as on a CD-R."""
    image = folder / "image"
    run("genisoimage", "-quiet", "-input-charset", "utf-8", "-o", "image", *options.split(),
        plant(folder, sessions[0], "s0"), cwd=folder)
    last = 0
    for number, files in enumerate(sessions[1:], 1):
        start = -(-(blocks(image) + LINK_STEP) // 16) * 16
        run("genisoimage", "-quiet", "-input-charset", "utf-8", "-o", "next", "-C", f"{last},{start}", "-M", "image",
            *options.split(), plant(folder, files, f"s{number}"), cwd=folder)
        os.truncate(image, start * BLOCK)
        with image.open("ab") as whole, (folder / "next").open("rb") as more:
            shutil.copyfileobj(more, whole)
        last = start
    return image


FIRST = {"目录.txt": b"1", "案卷/旧.txt": content.noise("old", 4000), "案卷/改.txt": b"before"}
SECOND = {"案卷/改.txt": b"after, and longer", "案卷/新.txt": content.noise("new", 5000)}
THIRD = {"第三次.txt": content.noise("third", 60_000)}
EXTENTS = (content.noise("first extent", 4096), content.noise("second extent", 3000))
PLAIN_FIRST = {"A.TXT": b"a", "DIR/OLD.TXT": b"old"}
PLAIN_SECOND = {"DIR/NEW.TXT": b"new", "B.TXT": b"b"}


def sessions(name: str, options: str, parts: tuple[Mapping[str, bytes], ...], **findings: int) -> Recipe:
    whole: dict[str, bytes] = {}
    for files in parts:
        whole.update(files)
    return Recipe(f"genisoimage-{name}", "genisoimage", f"{options} -C -M: {len(parts)} sessions, write-once",
                  partial(write_once, options, parts), md5s(whole), layers_of(options),
                  findings={code.replace("_", "-"): count for code, count in findings.items()})


def without(files: Mapping[str, bytes], path: str) -> dict[str, str]:
    return {name: md5 for name, md5 in md5s(files).items() if name != path}


def multi_extent(folder: Path) -> Path:
    """One file in two records, as level 3 has them for files of 4 GiB and more. Source: ECMA-119 §9.1.6, §6.5.1."""
    image = mastered("-iso-level 3", {"AAAA.BIN": EXTENTS[0], "AAAB.BIN": EXTENTS[1], "B.TXT": b"b"}, None, folder)
    raw = image.read_bytes()
    first, second = (raw.index(b"\x0a" + name) - 32 for name in (b"AAAA.BIN;1", b"AAAB.BIN;1"))
    return patch(image, {first + 25: b"\x80", second + 33: b"AAAA.BIN;1"})


def recipes() -> tuple[Recipe, ...]:
    p, c, la = content.plain(), content.chinese(), content.latin()
    gbk_names = md5s({"诚信档案.txt": "诚信档案.txt".encode(), "乗.txt": "乗.txt".encode()})
    linked = md5s({"a/one.txt": b"one", "two.txt": b"one"})
    return (
        *(geniso(f"level-{level}", f"-iso-level {level}", p) for level in (1, 2, 3, 4)),
        geniso("level-1-many", "-iso-level 1", content.plain_many()),
        Recipe("genisoimage-multi-extent", "genisoimage", "-iso-level 3, two records made one file", multi_extent,
               md5s({"AAAA.BIN": b"".join(EXTENTS), "B.TXT": b"b"}), ("ISO 9660",)),
        geniso("level-4-latin", "-iso-level 4", la),
        geniso("level-4-gbk", "-iso-level 4", {}, gbk, truth=gbk_names, findings={"name-undecodable": 2}),
        geniso("gbk-rr", "-R", {}, gbk, truth=gbk_names, findings={"name-undecodable": 2}),
        geniso("gbk-converted", "-J -input-charset gbk", {}, gbk, truth=gbk_names),
        geniso("joliet", "-J", c),
        geniso("joliet-latin", "-J", la),
        geniso("joliet-long", "-J -joliet-long", {"档案" * 40 + ".t": b"81 characters", **c}),
        geniso("joliet-ucs-level-1", "-J -ucs-level 1", c),
        geniso("joliet-many", "-J", content.many()),
        geniso("rr", "-R", c),
        geniso("rr-rational", "-r", la),
        geniso("rr-long", "-R", content.long_names()),
        geniso("rr-many", "-R", content.many()),
        geniso("rr-deep-relocated", "-R", content.deep()),
        geniso("rr-deep-kept", "-R -D", content.deep()),
        geniso("rr-deep-hidden", "-R -hide-rr-moved", content.deep()),
        geniso("rr-odd-names", "-R", content.odd_names(), findings={"name-unsafe": 2}),
        geniso("rr-links", "-R -cache-inodes", {"a/one.txt": b"one"}, links, truth=linked,
               findings={"symlink-noted": 2}),
        geniso("rr-links-followed", "-R -f", {"a/one.txt": b"one"}, lambda root: (root / "in").symlink_to("a/one.txt"),
               truth=md5s({"a/one.txt": b"one", "in": b"one"})),
        geniso("jr", "-J -R", c),
        geniso("jr-long-deep", "-J -joliet-long -r -D", {**c, **content.deep(6)}),
        geniso("jr-relaxed", "-J -R -l -L -relaxed-filenames -allow-lowercase -allow-multidot", la),
        geniso("untranslated", "-U", la),
        geniso("no-version", "-N -d", p),
        geniso("max-names", "-max-iso9660-filenames -R", la),
        geniso("labelled", "-J -R -V J010_2026_01_G001_A -A APPLICATION -publisher 某县档案馆 -p someone", c),
        geniso("no-pad", "-J -R -no-pad", c),
        geniso("xa", "-xa -R", la),
        geniso("sorted", "-R -sort weights", c, weights),
        geniso("trans-tbl", "-T", p, extra={f"{d}TRANS.TBL": VOUCHED for d in ("", "DATA/", "DATA/SUB/")}),
        geniso("torito", f"-R {TORITO}", {**c, **BOOT}, extra=CATALOGUE),
        geniso("torito-joliet", f"-J -R {TORITO} -boot-info-table", {**c, **BOOT},
               extra={**CATALOGUE, "boot/boot.img": VOUCHED}),
        geniso("torito-efi", f"-J -R {TORITO} -eltorito-alt-boot -b boot/efi.img -no-emul-boot", {**c, **BOOT},
               extra=CATALOGUE),
        geniso("torito-floppy", "-R -b floppy.img -c boot.cat", {"a.txt": b"a"}, large_boot,
               extra={**md5s({"floppy.img": content.noise("floppy", 1440 * 1024)}), "boot.cat": VOUCHED}),
        geniso("hfs", "-hfs", p, findings=OTHER),
        geniso("hfs-jr", "-hfs -J -R", la, findings=OTHER),
        geniso("udf", "-udf", c),
        geniso("udf-joliet", "-udf -J", c),
        geniso("udf-jr", "-udf -J -joliet-long -R", c),
        geniso("udf-latin", "-udf -iso-level 1", la),
        geniso("udf-long", "-udf -R", content.long_names()),
        geniso("udf-many", "-udf -J", content.many()),
        geniso("udf-deep", "-udf -R -D", content.deep()),
        geniso("udf-torito", f"-udf -J {TORITO}", {**p, **BOOT}, extra=CATALOGUE, findings={"layers-differ": 1},
               trees={                                      # genisoimage records the catalogue as empty in UDF
                   "UDF": md5s({**p, **BOOT, "boot/boot.cat": b""}),
                   "Joliet": {**md5s({**p, **BOOT}), **CATALOGUE},
                   "ISO 9660": {path.upper(): md5 for path, md5 in {**md5s({**p, **BOOT}), **CATALOGUE}.items()}}),
        geniso("udf-limited", "-udf -iso-level 3 -allow-limited-size -J", c),
        geniso("hidden-joliet", "-J -R -hide-joliet A.TXT", c, findings={"layers-differ": 1},
               trees={"Joliet": without(c, "A.TXT")}),
        geniso("hidden-iso", "-J -R -hide README.TXT", p, findings={"layers-differ": 1},
               trees={tree: without(p, "README.TXT") for tree in ("Rock Ridge", "ISO 9660")}),
        sessions("sessions-jr", "-J -R", (FIRST, SECOND), earlier_session=1),
        sessions("sessions-three", "-J -R", (FIRST, SECOND, THIRD), earlier_session=1),
        sessions("sessions-plain", "-iso-level 1", (PLAIN_FIRST, PLAIN_SECOND)),
    )
