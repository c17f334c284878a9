"""UDF images for the tests of the reader, and what the reader makes of them."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from carriers.blocks import BlockSource
from carriers.disc import Disc
from carriers.model import HOLE, Extent, Files, Finding
from carriers.plan import make_plan
from carriers.udf import Udf, read_udf
from tests.udf_writer import Options, UdfImage, udf_image
from tests.udf_writer.samples import papers


@dataclass(frozen=True, slots=True)
class Read:
    """A volume that was read by itself. said: (code, path, what) of its findings."""

    udf: Udf
    source: BlockSource

    @property
    def said(self) -> list[tuple[str, str, str]]:
        return told(self.udf.listing.findings)

    @property
    def paths(self) -> set[str]:
        return set(self.udf.listing.files.paths)

    def content(self, path: str) -> bytes:
        """A file by its extents, straight from the image."""
        files = self.udf.listing.files
        return by_extents(self.source, files.extents(files.paths.index(path)))


def by_extents(source: BlockSource, extents: tuple[Extent, ...]) -> bytes:
    raw, size = source.path.read_bytes(), source.block_bytes
    return b"".join(bytes(e.length_bytes) if e.start_lba == HOLE
                    else raw[e.start_lba * size + e.skip_bytes:][:e.length_bytes] for e in extents)


def told(findings: list[Finding] | tuple[Finding, ...]) -> list[tuple[str, str, str]]:
    return [(f.code, f.path, str(f.facts.get("what", f.facts.get("kind", f.facts.get("stream", "")))))
            for f in findings]


def papers_image(**options: object) -> UdfImage:
    """`papers()`, recorded as these options of the writer say."""
    return udf_image(papers(), Options(**options))  # type: ignore[arg-type]


def read(folder: Path, raw: bytes | UdfImage, first_lba: int = 0, *, own_blocks: bool = True) -> Read:
    """The UDF volume of an image; there must be one."""
    image = folder / "udf.img"
    image.write_bytes(raw if isinstance(raw, bytes) else raw.raw)
    source = BlockSource(image)
    udf = read_udf(source, first_lba, source.use_blocks if own_blocks else None)
    assert udf is not None
    return Read(udf, source)


def whole(folder: Path, raw: bytes | UdfImage) -> tuple[dict[str, bytes], Files, tuple[Finding, ...]]:
    """What one planned pass over a disc gives: path → content of the files that may be checked; files and findings."""
    image = folder / "disc.img"
    image.write_bytes(raw if isinstance(raw, bytes) else raw.raw)
    disc = Disc(BlockSource(image))
    structure, findings = disc.structure()
    assert structure.files is not None
    files, found = structure.files, [bytearray() for _ in structure.files]
    for chunk in disc.read(make_plan(structure)):
        for part in chunk.parts:
            if chunk.content is not None and len(found[part.file_no]) == part.offset_bytes:
                found[part.file_no] += chunk.content[part.at_bytes:part.at_bytes + part.length_bytes]
    disc.close()
    return {path: bytes(found[n]) for n, path in enumerate(files.paths)
            if n not in files.obstacles and len(found[n]) == files.sizes[n]}, files, findings


def checked(content: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files of a content: without its directories."""
    return {path: raw for path, raw in content.items() if not path.endswith("/")}
