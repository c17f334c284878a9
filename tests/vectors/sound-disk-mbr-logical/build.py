"""A primary partition and two logical drives, all with files: paths begin with the labels."""
from __future__ import annotations

from pathlib import Path

from tests.disk_kit import against, ext, fat, table
from tests.vectors_kit import CONTENT, PLAIN, Case


def build(folder: Path) -> Case:
    one, two = ext(folder, PLAIN, name="ext.img"), fat(folder, PLAIN, "-n", "SECOND", name="fat.img")
    three = fat(folder, CONTENT, "-n", "THIRD", name="third.img")
    script = "label: dos\nstart=1MiB,size=4MiB,type=83\nstart=6MiB,size=9MiB,type=5\n" \
             "start=7MiB,size=2MiB,type=e\nstart=10MiB,size=2MiB,type=e\n"
    image = table(folder, script, [(1, one), (7, two), (10, three)])
    roots = (("J010_2026_01_G00", PLAIN), ("SECOND", PLAIN), ("THIRD", CONTENT))
    return against(folder, image, {f"{root}/{path}": raw for root, files in roots for path, raw in files.items()})
