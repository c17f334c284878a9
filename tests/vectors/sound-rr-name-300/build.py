"""A Rock Ridge name of 300 characters: NM entries that go on, through a continuation area."""
from __future__ import annotations

import io
from pathlib import Path

import pycdlib

from tests.vectors_kit import LABEL, Case, listed


def build(folder: Path) -> Case:
    content = {"a" * 300 + ".dat": b"long", "b.dat": b"b" * 3000}
    disc = pycdlib.PyCdlib()
    disc.new(interchange_level=3, rock_ridge="1.09", vol_ident=LABEL)
    for number, (name, raw) in enumerate(content.items()):
        disc.add_fp(io.BytesIO(raw), len(raw), f"/F{number}.DAT;1", rr_name=name)
    disc.write(str(folder / "disc.iso"))
    disc.close()
    return Case(folder / "disc.iso", listed(folder, content))
