"""One digest of the whole image in each algorithm; CRC32 with the others is not weak."""
from __future__ import annotations

import zlib
from pathlib import Path

from tests.vectors_kit import CONTENT, NUMBER, Case, digest, genisoimage, workbook


def build(folder: Path) -> Case:
    image = genisoimage(folder, CONTENT)
    whole = image.read_bytes()
    digests = {name: digest(whole, name) for name in ("sha1", "sha256", "sha512", "sm3")}
    digests["crc32"] = f"{zlib.crc32(whole):08X}"
    rows = [(NUMBER, "整盘镜像", name, value) for name, value in digests.items()]
    return Case(image, workbook(folder, rows, header=("载体(包)编号", "摘要对象", "摘要算法", "数字摘要")))
