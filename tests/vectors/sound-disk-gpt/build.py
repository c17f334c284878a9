"""GPT as Windows makes it: a reserved partition that holds nothing, then the volume."""
from __future__ import annotations

from pathlib import Path

from tests.disk_kit import against, fat, table
from tests.vectors_kit import CONTENT, Case


def build(folder: Path) -> Case:
    script = "label: gpt\nstart=1MiB,size=4MiB,type=E3C9E316-0B5C-4DB8-817D-F92DF00215AE\n" \
             "start=6MiB,size=2MiB,type=EBD0A0A2-B9E5-4433-87C0-68B6B72699C7\n"
    return against(folder, table(folder, script, [(6, fat(folder, CONTENT))]))
