"""The copy of the GPT at the end of the disk is of another table."""
from __future__ import annotations

from pathlib import Path

from tests.disk_kit import MIB, against, fat, run, table
from tests.vectors_kit import Case


def build(folder: Path) -> Case:
    script = "label: gpt\nstart=1MiB,size=2MiB\n"
    image = table(folder, script, [(1, fat(folder))])
    sound = image.read_bytes()
    run("sgdisk", "--new=2:8M:+1M", str(image))
    image.write_bytes(sound[:8 * MIB] + image.read_bytes()[8 * MIB:])
    return against(folder, image)
