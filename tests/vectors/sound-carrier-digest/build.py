"""One digest over the whole image, as ISO size from the volume descriptor says; padding after it left out."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import BLOCK, CONTENT, HEADER, NUMBER, Case, digest, genisoimage, workbook


def build(folder: Path) -> Case:
    image = genisoimage(folder, CONTENT)
    whole = image.read_bytes()
    with image.open("ab") as file:
        file.write(bytes(150 * BLOCK))
    header = (*HEADER[:1], "摘要对象", *HEADER[2:])
    return Case(image, workbook(folder, [(NUMBER, "整盘镜像", "MD5", digest(whole))], header=header))
