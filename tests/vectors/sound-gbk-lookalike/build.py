"""The same with 目录, whose GBK bytes are also valid UTF-8: one encoding holds for a whole tree."""
from __future__ import annotations

import os
from pathlib import Path

from tests.vectors_kit import Case, genisoimage, listed, written


def build(folder: Path) -> Case:
    names = {"目录.txt": b"x" * 10, "誠信.bin": b"y" * 5000}             # 誠 is D5 5C
    content = {os.fsdecode(name.encode("gbk")): raw for name, raw in names.items()}
    image = genisoimage(folder, content, "-R", "-input-charset", "iso8859-1", "-output-charset", "iso8859-1")
    text = listed(folder, names).read_text("utf-8")
    return Case(image, written(folder, "list.txt", text, "gb18030"))
