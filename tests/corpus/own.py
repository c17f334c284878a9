"""Own bytes, where no other maker exists: VATs with files, sparing tables in use, metadata partitions, streams."""
from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from tests.corpus.recipe import LOST, Recipe, md5s
from tests.udf_writer.model import UdfImage
from tests.udf_writer.samples import all_samples

SLASH = "\u2215"                # what stands in our paths for a "/" inside a name
# sample → what our reader must say of it, code → how many; the others are sound and silent
SPECIAL = {"symlink-noted": 3, "content-not-on-carrier": 4}
BEFORE = {"earlier-session": 2}                             # a file changed since, another deleted
FINDINGS: Mapping[str, Mapping[str, int]] = {
    "names-odd": {"name-unsafe": 4}, "hidden-and-deleted": {"deleted-content": 1}, "special-files-long": SPECIAL,
    "special-files-embedded": SPECIAL, "named-streams": {"alternate-stream": 3},
    "named-streams-of-directories": {"alternate-stream": 2}, "system-streams": {"alternate-stream": 2},
    "system-streams-metadata": {"alternate-stream": 3}, "integrity-open": {"session-open": 1},
    "vat-superseded-1.50": BEFORE, "vat-superseded-2.01": BEFORE, "vat-superseded-embedded": BEFORE,
    "second-session": {"earlier-session": 1}, "second-session-virtual": {"earlier-session": 1},
    "second-session-appended-1.50": BEFORE, "second-session-appended-2.01": BEFORE,
    "strategy-4096-1.02": {"content-encoded": 2}, "strategy-4096-2.01": {"content-encoded": 2},
}


# sample → its truth where a path of the sample only stands for a recorded identifier
TRUTH: Mapping[str, Mapping[str, bytes]] = {
    "names-odd": {f"a{SLASH}b.txt": b"slash", "a\x01\x1f\x7f.txt": b"control", "a\u202egnp.txt": b"bidi",
                  "a\nb.txt": b"newline", "...": b"dots"},
}


def written(raw: bytes, folder: Path) -> Path:
    (folder / "image").write_bytes(raw)
    return folder / "image"


def revision_of(image: UdfImage) -> str:
    """As the Logical Volume Descriptor's domain suffix gives it. Source: UDF 2.1.5.3; ECMA-167 3/10.6.5."""
    major, minor = image.read("main:LVD")[241], image.read("main:LVD")[240]
    return f"{major:x}.{minor:02x}"


def session_of(image: UdfImage) -> int:
    """The first block of the session that counts: its recognition sequence begins 32 KiB into it (UDF 6.10.3)."""
    return min(runs[0][0] for name, runs in image.places.items() if name.startswith("vrs:")) // 2048 - 16


def recipes() -> tuple[Recipe, ...]:
    return tuple(Recipe(f"own-{name}", "own bytes", name.replace("-", " "), partial(written, image.raw),
                        dict.fromkeys(content, LOST) if "strategy" in name else md5s(TRUTH.get(name, content)),
                        (f"UDF {revision_of(image)}",), findings=FINDINGS.get(name, {}),
                        session=session_of(image) if image.block_bytes == 2048 else 0)
                 for name, (image, content) in all_samples().items())
