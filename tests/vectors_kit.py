"""What the vectors are made of: content, images by other people's tools, lists and forms, surgery on images.

A vector's `build(folder)` makes everything below `folder` and gives a `Case`; nothing here reads an image through our
own parsers, so that a wrong parser cannot agree with a wrong vector.
"""
from __future__ import annotations

import hashlib
import os
import subprocess
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

import xlsxwriter

from carriers.health import Health
from checks.bind import Choice
from station.read_only import Held, hold_read_only
from tests.udf_writer import Options, UdfImage, udf_image

BLOCK = 2048
LABEL = "J010_2026_01_G001_A"
NUMBER = "J010-2026-01-G001-A"
CONTENT: dict[str, bytes] = {                       # 3 files, 12 100 bytes
    "说明.txt": b"J010-2026 " * 10,
    "案卷/0001.txt": hashlib.shake_128(b"1").digest(3000),
    "案卷/0002.bin": hashlib.shake_128(b"2").digest(9000),
}
PLAIN: dict[str, bytes] = {                         # the same in names that every tree records alike; 2 files
    "a.dat": hashlib.shake_128(b"a").digest(4096),
    "b.dat": hashlib.shake_128(b"b").digest(5000),
}
Pread = Callable[[int, int, int], bytes]


@dataclass(frozen=True, slots=True)
class Case:
    """One intake. pread stands in for os.pread under the source, clock for the time its reads take, health for what a
    drive says.

    earlier: intakes of the same station before it. decided: its batch was decided by two people afterwards.
    holder stands in for what keeps a device from being written.
    """

    source: Path
    form: Path | None = None
    choice: Choice = Choice()
    pread: Pread | None = None
    clock: Callable[[], float] | None = None
    health: Health = field(default_factory=Health)
    earlier: tuple[Case, ...] = ()
    decided: bool = False
    holder: Callable[[Path], AbstractContextManager[Held]] = hold_read_only


# --- carriers ----------------------------------------------------------------------------------------------------

def plant(folder: Path, content: Mapping[str, bytes], name: str = "content") -> Path:
    """A folder with these files. A path may hold odd bytes as surrogates (PEP 383)."""
    root = folder / name
    root.mkdir(exist_ok=True)
    for path, raw in content.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(raw)
    return root


def genisoimage(folder: Path, content: Mapping[str, bytes], *options: str, label: str = LABEL) -> Path:
    """An image by genisoimage; Joliet and Rock Ridge where no options are given."""
    return master(folder, plant(folder, content), *options, label=label)


def master(folder: Path, root: Path, *options: str, label: str = LABEL) -> Path:
    """An image of a planted folder by genisoimage."""
    _run("genisoimage", "-quiet", "-input-charset", "utf-8", "-V", label, "-o", "disc.iso", *(options or ("-J", "-R")),
         str(root), cwd=folder)
    return folder / "disc.iso"


def encoded(folder: Path, content: Mapping[str, bytes], encoding: str, *options: str) -> Path:
    """An image whose names are in a code page and say so nowhere; Rock Ridge where no options are given."""
    odd = {os.fsdecode(path.encode(encoding)): raw for path, raw in content.items()}
    charsets = "-input-charset", "iso8859-1", "-output-charset", "iso8859-1"
    return genisoimage(folder, odd, *(options or ("-R",)), *charsets)


def xorriso(folder: Path, content: Mapping[str, bytes], *options: str) -> Path:
    """An image by xorriso; Joliet and Rock Ridge where no options are given."""
    _run("xorriso", "-as", "mkisofs", "-quiet", "-V", LABEL, "-o", "disc.iso", *(options or ("-J", "-R")),
         str(plant(folder, content)), cwd=folder)
    return folder / "disc.iso"


def _run(*command: str, cwd: Path) -> bytes:
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    return subprocess.run(command, cwd=cwd, env=environment, check=True, capture_output=True).stdout


def udf(folder: Path, content: Mapping[str, bytes] = CONTENT, options: Options | None = None) -> Case:
    """A pure UDF image, written from the standard, against an MD5 list of its content."""
    return of_udf(folder, udf_image(content, options or Options()), content)


def of_udf(folder: Path, image: UdfImage, listing: Mapping[str, bytes] = CONTENT) -> Case:
    """A UDF image that was made, or damaged, against an MD5 list of `listing`."""
    return Case(written(folder, "disc.udf", image.raw), listed(folder, listing))


def coreutils(folder: Path, content: Mapping[str, bytes], *command: str, name: str = "list.txt") -> Path:
    """A list by md5sum, sha256sum …, run inside the unit's folder."""
    output = _run(*command, "--", *content, cwd=plant(folder, content))
    return written(folder, name, output)


# --- forms -------------------------------------------------------------------------------------------------------

def written(folder: Path, name: str, text: str | bytes, encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return path


def digest(raw: bytes, algorithm: str = "md5") -> str:
    return hashlib.new(algorithm, raw).hexdigest()


def listed(folder: Path, content: Mapping[str, bytes], algorithm: str = "md5", name: str = "list.txt") -> Path:
    """`hex  path` lines of this content."""
    lines = (f"{digest(raw, algorithm)}  {path}\n" for path, raw in content.items())
    return written(folder, name, "".join(lines))


def usual(folder: Path, content: Mapping[str, bytes] = CONTENT, listing: Mapping[str, bytes] | None = None) -> Case:
    """A genisoimage image of `content` against an MD5 list of `listing` (the same, if not given)."""
    return Case(genisoimage(folder, content), listed(folder, content if listing is None else listing))


HEADER = ("载体(包)编号", "文件名", "摘要算法", "数字摘要")
SHEET: dict[str, str] = {"全宗号": "J010", "单位名称": "示例县民政局", "年度": "2026", "密级": "公开"}


def workbook(folder: Path, rows: Iterable[Sequence[str | int]], *, header: Sequence[str] = HEADER,
             sheet: Mapping[str, str] | None = None, catalogue: Sequence[Sequence[str | int]] = ()) -> Path:
    """A form by xlsxwriter: the 情况表's fields, a 载体目录 with its header row, the 续表. Numbers stay numbers."""
    path = folder / "form.xlsx"
    table = [*(sheet or {}).items(), *catalogue, tuple(header), *rows]
    with xlsxwriter.Workbook(str(path)) as book:
        page = book.add_worksheet()
        for at, cells in enumerate(table):
            for column, cell in enumerate(cells):
                if isinstance(cell, str):
                    page.write_string(at, column, cell)
                else:
                    page.write_number(at, column, cell)
    return path


def lines_of(content: Mapping[str, bytes], number: str = NUMBER) -> list[tuple[str, str, str, str]]:
    """The rows of a 续表 under `HEADER`."""
    return [(number, path, "MD5", digest(raw)) for path, raw in content.items()]


def disc_in(folder: Path, name: str, content: Mapping[str, bytes], number: str) -> Path:
    """An image in a folder of its own, labelled with this number."""
    (folder / name).mkdir(exist_ok=True)
    return genisoimage(folder / name, content, label=number.replace("-", "_"))


def form_in(folder: Path, name: str, contents: Mapping[str, Mapping[str, bytes]], **sheet: str) -> Path:
    """A form in a folder of its own that says whose it is: number → content of each carrier."""
    (folder / name).mkdir(exist_ok=True)
    rows = [row for number, content in contents.items() for row in lines_of(content, number)]
    return workbook(folder / name, rows, sheet={**SHEET, **sheet})


_ODS = """<?xml version="1.0" encoding="UTF-8"?>
<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" office:version="1.2"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet><table:table
 table:name="续表">{rows}<table:table-row table:number-rows-repeated="1048000"><table:table-cell
 table:number-columns-repeated="16384"/></table:table-row></table:table></office:spreadsheet></office:body
></office:document-content>"""
_ODS_TYPE = "application/vnd.oasis.opendocument.spreadsheet"
_ODS_MANIFEST = f"""<?xml version="1.0" encoding="UTF-8"?>
<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"><manifest:file-entry
 manifest:full-path="/" manifest:media-type="{_ODS_TYPE}"/></manifest:manifest>"""


def ods(folder: Path, rows: Iterable[Sequence[str]], cell: str = "<table:table-cell") -> Path:
    """A spreadsheet of OpenDocument in own bytes. Source: ODF 1.2 part 1 §9 (tables), part 3 (packages)."""
    text = "".join("<table:table-row>" + "".join(
        f'{cell} office:value-type="string"><text:p>{written}</text:p></table:table-cell>' for written in cells)
        + "</table:table-row>" for cells in rows)
    with zipfile.ZipFile(folder / "form.ods", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("mimetype"), _ODS_TYPE)
        archive.writestr("content.xml", _ODS.format(rows=text))
        archive.writestr("META-INF/manifest.xml", _ODS_MANIFEST)
    return folder / "form.ods"


# --- surgery -----------------------------------------------------------------------------------------------------

def patch(image: Path, offset: int, raw: bytes) -> None:
    """Overwrite bytes of an image."""
    with image.open("r+b") as file:
        file.seek(offset)
        file.write(raw)


def block_of(image: Path, content: bytes) -> int:
    """The block at which this content begins."""
    offset = image.read_bytes().index(content)
    assert offset % BLOCK == 0
    return offset // BLOCK


def records(image: Path, name: str) -> list[int]:
    """Where the directory records of a file or directory lie: one in each tree, primary first."""
    raw, found = image.read_bytes(), []
    for identifier in (name.upper().encode(), name.encode("utf-16-be")):
        at = raw.find(identifier)
        while at >= 0:
            record = at - 33
            if raw[record + 2:record + 6] == raw[record + 6:record + 10][::-1] and any(raw[record + 2:record + 6]):
                found.append(record)
            at = raw.find(identifier, at + 1)
    assert found, name
    return found


def set_extent(image: Path, record: int, lba: int | None = None, size_bytes: int | None = None) -> None:
    """Change where a directory record says that its file lies. Source: ECMA-119 §9.1.3, §9.1.4."""
    for at, number in ((2, lba), (10, size_bytes)):
        if number is not None:
            patch(image, record + at, number.to_bytes(4, "little") + number.to_bytes(4, "big"))


def volume_blocks(image: Path) -> int:
    """The Volume Space Size of the primary volume descriptor. Source: ECMA-119 §8.4.8."""
    return int.from_bytes(image.read_bytes()[16 * BLOCK + 80:16 * BLOCK + 84], "little")


def directory_block(image: Path, name: str, tree: int = 0) -> int:
    """The first block of a directory in the primary (0) or Joliet (1) tree."""
    at = records(image, name)[tree] + 2
    return int.from_bytes(image.read_bytes()[at:at + 4], "little")


def bag(content: Mapping[str, bytes], *algorithms: str, tags: Sequence[str] = (), **texts: bytes | None
        ) -> dict[str, bytes]:
    """The files of a BagIt 1.0 bag: payload below data/, manifests, tag manifests for `tags`. Source: RFC 8493 §2.

    texts: bagit.txt, bag-info.txt, fetch.txt … by `bagit`, `bag_info`, `fetch`; None leaves one out.
    """
    oxum = f"{sum(map(len, content.values()))}.{len(content)}"
    files: dict[str, bytes | None] = {
        "bagit.txt": b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n",
        "bag-info.txt": f"Source-Organization: J010\nPayload-Oxum: {oxum}\n".encode()}
    files.update({name.replace("_", "-") + ".txt": raw for name, raw in texts.items()})
    made = {name: raw for name, raw in files.items() if raw is not None}
    for algorithm in algorithms:
        made[f"manifest-{algorithm}.txt"] = manifest(content, algorithm, "data/")
    of_tags = {f"tagmanifest-{algorithm}.txt": manifest(made, algorithm) for algorithm in tags}
    return {**{f"data/{path}": raw for path, raw in content.items()}, **made, **of_tags}


def manifest(content: Mapping[str, bytes], algorithm: str = "md5", prefix: str = "") -> bytes:
    """The lines of a manifest, CR, LF and % encoded. Source: RFC 8493 §2.1.3."""
    encoded = {path: path.replace("%", "%25").replace("\n", "%0A").replace("\r", "%0D") for path in content}
    return "".join(f"{digest(raw, algorithm)}  {prefix}{encoded[path]}\n" for path, raw in content.items()).encode()


SCOPED = ("载体(包)编号", "文件名", "摘要对象", "摘要算法", "数字摘要", "分卷数")


def scoped(path: str, scope: str, raw: bytes, count: str = "", number: str = NUMBER) -> tuple[str, ...]:
    """A row of a 续表 under `SCOPED`: what its digest was made over is said."""
    return number, path, scope, "MD5", digest(raw), count
