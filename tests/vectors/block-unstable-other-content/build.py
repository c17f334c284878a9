"""One reading gave a byte that is not there, without any error; the next one gives what the list has."""
from __future__ import annotations

import os
from pathlib import Path

from tests.vectors_kit import CONTENT, NUMBER, Case, disc_in, form_in


def build(folder: Path) -> Case:
    form, image = form_in(folder, "form", {NUMBER: CONTENT}), disc_in(folder, "disc", CONTENT, NUMBER)
    content = CONTENT["案卷/0002.bin"]

    def lying(fd: int, length: int, offset: int) -> bytes:
        return os.pread(fd, length, offset).replace(content, b"?" + content[1:])
    return Case(image, form, earlier=(Case(image, form, pread=lying),))
