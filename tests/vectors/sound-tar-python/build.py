"""A tar file by Python's tarfile: names in pax headers, others above them, numbers of base 256."""
from __future__ import annotations

import io
import tarfile
from pathlib import Path

from tests.tape_writer import tar_case
from tests.vectors_kit import CONTENT, Case


def build(folder: Path) -> Case:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT, pax_headers={"comment": "J010"}) as archive:
        for path, raw in CONTENT.items():
            entry = tarfile.TarInfo("./" + path)
            entry.size, entry.mtime = len(raw), 1e10 + 0.5
            archive.addfile(entry, io.BytesIO(raw))
    return tar_case(folder, out.getvalue())
