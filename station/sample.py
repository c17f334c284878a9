"""The sample carrier of `demo`, and the mastering of a folder as a disc image (`demo`, `form --iso`).

Takes a folder to fill or to master, gives files or an ISO 9660 image with Joliet and Rock Ridge names, relies on
pycdlib and on `form_writer` for what may stand in such a folder. The sample is the same for the same seed.
"""
from __future__ import annotations

import io
import os
import random
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PurePosixPath

from pycdlib import PyCdlib
from pycdlib.dr import DirectoryRecord

from carriers.model import Refused
from station.form_writer import ListedFile, Report, list_files, publish

_MADE_AT = 1_767_196_800                            # 2025-12-31 16:00 UTC: the sample's files are as old everywhere
_JOLIET_NAME = 64                                   # characters of a name, Joliet specification
_LABEL, _JOLIET_LABEL = 32, 16                      # characters of a volume label (ECMA-119 §8.4.7, Joliet)
_D_CHARACTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
_TITLES = ("关于开展档案登记备份工作的通知", "关于调整内设机构职责的批复", "年度工作总结（终稿）",
           "第〇三次主任办公会议纪要", "关于张䶮同志任职的决定", "电子公文归档情况统计表",
           "政务服务 一件事 改革方案", "关于“十四五”规划中期评估情况和下一步工作安排的报告")


# --- the sample's files ----------------------------------------------------------------------------------------------

def make_sample(folder: Path, seed: int) -> None:
    """Fill a folder with some 300 files (about 40 MB) such as a unit hands over; the same for the same seed.

    Kinds: docx, ofd, pdf, jpg, png, tif, wav, mp3, xml, txt in UTF-8 and GB18030, one empty file. The first bytes fit
    the extension. Raises: FileExistsError where one of the files is there already.
    """
    rng = random.Random(seed)
    for path, make, size_bytes in _plan(rng):
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        with open(place, "xb") as stream:
            stream.write(make(rng, size_bytes))
        os.utime(place, (_MADE_AT, _MADE_AT))


_Maker = Callable[[random.Random, int], bytes]


def _plan(rng: random.Random) -> Iterator[tuple[str, _Maker, int]]:
    """Path, maker and intended size of every file of the sample."""
    for period, code, pieces in (("永久", "Y", 24), ("定期30年", "D30", 18), ("定期10年", "D10", 10)):
        for number in range(1, pieces + 1):
            title = rng.choice(_TITLES)
            place = f"文书档案/2025/{period}/J010-WS·2025·{code}-{number:04d} {title}"
            yield f"{place}/正文.ofd", _ofd, rng.randrange(20_000, 90_000)
            yield f"{place}/正文.pdf", _pdf, rng.randrange(20_000, 200_000)
            yield f"{place}/附件 {title}.docx", _docx, rng.randrange(10_000, 120_000)
            yield f"{place}/元数据.xml", _xml, rng.randrange(400, 4_000)
    for number in range(1, 31):
        yield f"照片档案/2025/开馆仪式/照片{number:03d}.jpg", _jpg, rng.randrange(60_000, 250_000)
    yield "照片档案/2025/开馆仪式/说明.txt", _text_gb18030, 3_000
    for number in range(1, 13):
        yield f"数字化成果/1958/永久/0001卷/{number:04d}.tif", _tif, rng.randrange(300_000, 900_000)
        yield f"数字化成果/1958/永久/0001卷/{number:04d}.png", _png, rng.randrange(20_000, 60_000)
    for number in range(1, 4):
        yield f"录音档案/2025/口述历史/访谈{number}.wav", _wav, 2_500_000
        yield f"录音档案/2025/口述历史/访谈{number}.mp3", _mp3, 600_000
    for number in range(1, 31):
        yield f"目录数据/归档文件目录{number:02d}.xml", _xml, rng.randrange(1_000, 20_000)
    yield "内容简介.txt", _text_utf8, 1_200
    yield "其他材料/备考表.txt", _text_gb18030, 200
    yield "其他材料/空白.txt", _text_utf8, 0


def _sentences(rng: random.Random, size_bytes: int) -> str:
    """Chinese text of at least size_bytes in GB18030."""
    lines: list[str] = []
    while size_bytes > 0:
        lines.append(f"{len(lines) + 1}. {rng.choice(_TITLES)}，共{rng.randrange(1, 500)}页。\r\n")
        size_bytes -= len(lines[-1].encode("gb18030"))
    return "".join(lines)


def _text_utf8(rng: random.Random, size_bytes: int) -> bytes:
    return _sentences(rng, size_bytes).encode()


def _text_gb18030(rng: random.Random, size_bytes: int) -> bytes:
    return _sentences(rng, size_bytes).encode("gb18030")


def _xml(rng: random.Random, size_bytes: int) -> bytes:
    rows = "".join(f"  <题名>{line}</题名>\n" for line in _sentences(rng, size_bytes).splitlines())
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<电子文件>\n{rows}</电子文件>\n'.encode()


def _package(members: Iterable[tuple[str, bytes]]) -> bytes:
    """A zip whose members are stored in this order, with a fixed date."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        for name, content in members:
            package.writestr(zipfile.ZipInfo(name, (2025, 12, 31, 0, 0, 0)), content)
    return out.getvalue()


def _docx(rng: random.Random, size_bytes: int) -> bytes:
    word = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    types = ('<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
             '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
             f'<Override PartName="/word/document.xml" ContentType="{word}"/></Types>')
    rels = ('<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" '
            'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" '
            'Target="word/document.xml"/></Relationships>')
    text = ('<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r>'
            f'<w:t>{_sentences(rng, 300)}</w:t></w:r></w:p></w:body></w:document>')
    return _package((("[Content_Types].xml", types.encode()), ("_rels/.rels", rels.encode()),
                     ("word/document.xml", text.encode()), ("word/media/image1.jpeg", _jpg(rng, size_bytes))))


def _ofd(rng: random.Random, size_bytes: int) -> bytes:
    root = ('<?xml version="1.0" encoding="UTF-8"?><ofd:OFD xmlns:ofd="http://www.ofdspec.org/2016" Version="1.1" '
            'DocType="OFD"><ofd:DocBody><ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot></ofd:DocBody></ofd:OFD>')
    return _package((("OFD.xml", root.encode()), ("Doc_0/Document.xml", _xml(rng, 400)),
                     ("Doc_0/Pages/Page_0/Content.xml", _xml(rng, 2_000)),
                     ("Doc_0/Res/image_0.jpg", _jpg(rng, size_bytes))))


def _pdf(rng: random.Random, size_bytes: int) -> bytes:
    bodies = (b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
              b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>",
              b"<< /Length %d >>\nstream\n%b\nendstream" % (size_bytes, rng.randbytes(size_bytes)))
    out, places = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"), []
    for number, body in enumerate(bodies, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    trailer = (b"xref\n0 %d\n0000000000 65535 f \n%b"
               b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n")
    return bytes(out) + trailer % (len(bodies) + 1, table, len(bodies) + 1, len(out))


def _jpg(rng: random.Random, size_bytes: int) -> bytes:
    jfif = bytes.fromhex("ffd8ffe000104a46494600010101004800480000")
    return jfif + rng.randbytes(size_bytes).replace(b"\xff", b"\xfe") + b"\xff\xd9"


def _png(rng: random.Random, size_bytes: int) -> bytes:
    width = 256
    rows = b"".join(b"\x00" + rng.randbytes(width) for _ in range(size_bytes // width))

    def part(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = struct.pack(">IIBBBBB", width, size_bytes // width, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", header) + part(b"IDAT", zlib.compress(rows, 1)) + part(b"IEND", b"")


def _tif(rng: random.Random, size_bytes: int) -> bytes:
    width = 1024
    height = size_bytes // width
    fields = ((256, width), (257, height), (258, 8), (259, 1), (262, 1), (273, 110), (277, 1), (278, height),
              (279, width * height))                # grey, one uncompressed strip behind the directory
    directory = b"".join(struct.pack("<HHII", tag, 4, 1, number) for tag, number in fields)
    head = b"II*\x00" + struct.pack("<IH", 8, len(fields)) + directory + bytes(4)
    return head.ljust(110, b"\x00")[:110] + rng.randbytes(width * height)


def _wav(rng: random.Random, size_bytes: int) -> bytes:
    head = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + size_bytes, b"WAVE", b"fmt ", 16, 1, 1, 44_100, 88_200,
                       2, 16, b"data", size_bytes)
    return head + rng.randbytes(size_bytes)


def _mp3(rng: random.Random, size_bytes: int) -> bytes:
    frame_bytes = 417                               # MPEG-1 layer III, 128 kbit/s, 44.1 kHz
    frames = (b"\xff\xfb\x90\x00" + rng.randbytes(frame_bytes - 4) for _ in range(size_bytes // frame_bytes))
    return b"ID3\x03\x00\x00\x00\x00\x00\x00" + b"".join(frames)


# --- mastering -------------------------------------------------------------------------------------------------------

class _Disc(PyCdlib):
    """PyCdlib, but a Joliet name may have 64 characters: its own check counts UTF-8 bytes, 21 Chinese characters.

    Inheritance against the house's habit: the check is met nowhere else, and cutting a unit's names is worse.
    """

    def _joliet_name_and_parent_from_path(self, joliet_path: bytes) -> tuple[bytes, DirectoryRecord]:
        folder, _, name = joliet_path.rpartition(b"/")
        return name.decode().encode("utf-16-be"), self._find_joliet_record(folder or b"/")


def master_iso(folder: Path, iso: Path, volume_label: str, report: Report) -> None:
    """Master a folder as an ISO 9660 image (interchange level 3) with Joliet and Rock Ridge names.

    The plain ISO names are numbers (F000001), the Chinese ones stand in both other trees. The image appears whole or
    not at all; report is called while it is written.
    Raises: Refused as `list_files`; `disc-name-long` {path, limit}, `disc-label-unfit` {label, limit},
    `form-not-writable` {path, reason}.
    Source: ECMA-119 §7.5, §10.3 (level 3); Joliet specification (64 characters a name).
    """
    if not 0 < len(volume_label) <= _LABEL or not _D_CHARACTERS.issuperset(volume_label):
        raise Refused("disc-label-unfit", label=volume_label, limit=_LABEL)
    files = list_files(folder, leave_out=iso)
    for file in files:
        for name in PurePosixPath(file.path).parts:
            if len(name.encode("utf-16-be")) > 2 * _JOLIET_NAME:
                raise Refused("disc-name-long", path=file.path, limit=_JOLIET_NAME)
    try:
        with tempfile.TemporaryDirectory(prefix=f".{iso.name}.", dir=iso.parent) as scratch:
            made = Path(scratch, "disc.iso")
            _master(folder, files, made, volume_label, report)
            publish(made, iso)
    except OSError as error:
        raise Refused("form-not-writable", path=str(iso), reason=str(error)) from error


def _master(folder: Path, files: list[ListedFile], made: Path, volume_label: str, report: Report) -> None:
    disc = _Disc()
    disc.new(interchange_level=3, joliet=3, rock_ridge="1.09", vol_ident=volume_label[:_JOLIET_LABEL])
    disc.pvd.volume_identifier = volume_label.encode("ascii").ljust(_LABEL)
    iso_paths = {"": ""}                            # folder → its numbered ISO path
    for number, file in enumerate(files, 1):
        *folders, name = file.path.split("/")
        for depth in range(1, len(folders) + 1):
            path = "/".join(folders[:depth])
            if path not in iso_paths:
                iso_paths[path] = f"{iso_paths['/'.join(folders[:depth - 1])]}/D{len(iso_paths):06d}"
                disc.add_directory(iso_paths[path], rr_name=folders[depth - 1], joliet_path="/" + path)
        disc.add_file(str(folder / file.path), f"{iso_paths['/'.join(folders)]}/F{number:06d}.;1",
                      rr_name=name, joliet_path="/" + file.path)

    def progress(done: int, in_all: int, _: object) -> None:
        report(done, in_all)

    disc.write(str(made), progress_cb=progress)
    disc.close()
