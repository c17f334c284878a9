"""A container of APFS beside a partition with files: no program for it is in this station."""
from __future__ import annotations

from pathlib import Path

from tests.disk_kit import against, fat, table
from tests.vectors_kit import PLAIN, Case, patch


def build(folder: Path) -> Case:
    script = "label: gpt\nstart=1MiB,size=2MiB,type=EBD0A0A2-B9E5-4433-87C0-68B6B72699C7\n" \
             "start=4MiB,size=4MiB,type=7C3457EF-0000-11AA-AA11-00306543ECAC\n"
    image = table(folder, script, [(1, fat(folder, PLAIN))])
    patch(image, (4 << 20) + 32, b"NXSB")
    return against(folder, image, PLAIN)
