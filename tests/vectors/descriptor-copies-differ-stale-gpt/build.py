"""An MBR that is not protective over a GPT of earlier use: all systems show what the MBR leads to."""
from __future__ import annotations

from pathlib import Path

from tests.disk_kit import against, fat, table
from tests.vectors_kit import CONTENT, PLAIN, Case, patch


def build(folder: Path) -> Case:
    old, new = fat(folder, PLAIN, name="old.img"), fat(folder, CONTENT, name="new.img")
    mbr = table(folder, "label: dos\nstart=8MiB,size=2MiB,type=c\n", []).read_bytes()[:512]
    image = table(folder, "label: gpt\nstart=1MiB,size=2MiB\n", [(1, old), (8, new)])
    patch(image, 0, mbr)
    return against(folder, image, CONTENT)
