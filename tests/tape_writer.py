"""Tapes as folders of records, written from the standards in own bytes: no other tool makes such folders.

`Tape` holds blocks and is saved as a folder; `ltfs` lays out an LTFS volume (SNIA LTFS Format 2.4 §5, §8, §9); what a
test damages it takes out of the parts. Nothing here reads through our own parsers.
"""
from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote
from xml.sax.saxutils import escape

from tests.vectors_kit import CONTENT, Case, listed, plant, written

TIME = "2026-01-02T03:04:05.000000000Z"
UUID = "30a91a08-daae-48d1-ae75-69804e61d2ea"
TIMES = "".join(f"<{tag}>{TIME}</{tag}>" for tag in ("creationtime", "changetime", "modifytime", "accesstime",
                                                     "backuptime"))


class Tape:
    """Partitions of blocks: bytes are a record, None is a file mark."""

    def __init__(self, partitions: int = 1) -> None:
        self.partitions: list[list[bytes | None]] = [[] for _ in range(partitions)]
        self.bad: list[tuple[int, int]] = []

    def put(self, partition: int, *blocks: bytes | None) -> int:
        """Append blocks; the number of the first."""
        at = len(self.partitions[partition])
        self.partitions[partition] += blocks
        return at

    def save(self, folder: Path, *, ends: bool = True) -> Path:
        """The tape as a folder. ends: with an end of data."""
        folder.mkdir()
        for number, blocks in enumerate(self.partitions):
            for at, block in enumerate(blocks):
                (folder / f"{number}_{at}_{'F' if block is None else 'R'}").write_bytes(block or b"")
            if ends:
                (folder / f"{number}_{len(blocks)}_E").write_bytes(b"")
        if self.bad:
            (folder / "bad.json").write_text(json.dumps(self.bad))
        return folder


def tape_case(folder: Path, tape: Tape, listing: Mapping[str, bytes] = CONTENT, *, ends: bool = True) -> Case:
    """A tape as a folder against an MD5 list."""
    return Case(tape.save(folder / "tape", ends=ends), listed(folder, listing))


def tar(folder: Path, content: Mapping[str, bytes], *options: str, program: str = "tar") -> bytes:
    """An archive by GNU tar (or bsdtar), run inside a folder with this content; what lies there already stays as it is.
    """
    root = plant(folder, {})
    plant(folder, {path: raw for path, raw in content.items()
                   if not (root / path).exists() or (root / path).read_bytes() != raw})
    command = [program, "-c", "-f", "../made.tar", *options, *content]
    subprocess.run(command, cwd=root, check=True, capture_output=True, env={**os.environ, "LC_ALL": "C.UTF-8"})
    return (folder / "made.tar").read_bytes()


def sparse(folder: Path, name: str) -> bytes:
    """Plants a file with holes; its content."""
    raw = bytes(1 << 20) + b"first" * 1000 + bytes(3 << 20) + b"second" * 1000 + bytes(2 << 20)
    path = plant(folder, {}) / name
    subprocess.run(["cp", "--sparse=always", "/dev/stdin", path], input=raw, check=True)
    return raw


def tar_case(folder: Path, raw: bytes, listing: Mapping[str, bytes] = CONTENT) -> Case:
    """A tar file against an MD5 list."""
    return Case(written(folder, "tape.tar", raw), listed(folder, listing))


def header_at(raw: bytes, name: str) -> int:
    """Where the header of a member lies."""
    return next(at for at in range(0, len(raw), 512) if raw[at:at + 100].rstrip(b"\0") == name.encode())


def records(raw: bytes, block_bytes: int) -> list[bytes]:
    """A stream cut into records; the last may be shorter."""
    return [raw[at:at + block_bytes] for at in range(0, len(raw), block_bytes)]


@dataclass
class Options:
    """How a volume is laid out. hashes: algorithms of `ltfs.hash.*`. extents: path → own extents, (fileoffset, letter,
    startblock, byteoffset, bytecount) from the block at which its content begins. extra: path → own elements of a file.
    index_of_data: what becomes of each text of an index on the data partition; index_of_index likewise.
    """

    version: str = "2.4.0"
    block_bytes: int = 4096
    barcode: str = "J01001"
    name: str = "J010_2026_01_G001_A"
    hashes: tuple[str, ...] = ()
    symlinks: Mapping[str, str] = field(default_factory=dict)
    extents: Callable[[str, int, int], list[tuple[int, str, int, int, int]]] | None = None
    lengths: Mapping[str, int] = field(default_factory=dict)
    extra: Mapping[str, str] = field(default_factory=dict)
    on_index: tuple[str, ...] = ()              # files that lie on the index partition
    label: Callable[[int, str], str] = lambda _, text: text
    index: Callable[[int, str], str] = lambda _, text: text
    stale: bool = False                         # the index partition has generation 1 only


def name_element(name: str, tag: str = "name") -> str:
    """§7.4: `:` and control characters are percent-encoded, and then `%` too."""
    if "%" in name or ":" in name or not name.isprintable():
        encoded = escape(quote(name.encode("utf-8", "surrogateescape"), safe=" /"))
        return f'<{tag} percentencoded="true">{encoded}</{tag}>'
    return f"<{tag}>{escape(name)}</{tag}>"


def ltfs(content: Mapping[str, bytes], options: Options | None = None) -> Tape:
    """A volume of two partitions: labels, an empty first index, the files, the last index on both."""
    o = options or Options()
    tape = Tape(2)
    for number in (0, 1):
        tape.put(number, vol1(o.barcode), None, o.label(number, label(o, number)).encode(), None)
    first = put_index(tape, 1, o, 1, "", -1)
    if o.stale:
        put_index(tape, 0, o, 1, "", first)
    body = entries(tape, content, o)
    last = put_index(tape, 1, o, 2, body, first)
    if not o.stale:
        put_index(tape, 0, o, 2, body, last)
    return tape


def vol1(barcode: str) -> bytes:
    """§8.1.1: 80 bytes."""
    return ("VOL1" + barcode[:6].ljust(6) + "L" + " " * 13 + "LTFS" + " " * 51 + "4").encode()


def label(o: Options, number: int) -> str:
    return (f'<?xml version="1.0" encoding="UTF-8"?>\n<ltfslabel version="{o.version}"><creator>Writer 1.0</creator>'
            f"<formattime>{TIME}</formattime><volumeuuid>{UUID}</volumeuuid><location><partition>{'ab'[number]}"
            "</partition></location><partitions><index>a</index><data>b</data></partitions>"
            f"<blocksize>{o.block_bytes}</blocksize><compression>true</compression></ltfslabel>\n")


def put_index(tape: Tape, number: int, o: Options, generation: int, body: str, previous: int) -> int:
    """A file mark, the index, a file mark. Returns its block."""
    at = len(tape.partitions[number]) + 1
    back = (f"<previousgenerationlocation><partition>b</partition><startblock>{previous}</startblock>"
            "</previousgenerationlocation>") if previous >= 0 else ""
    text = (f'<?xml version="1.0" encoding="UTF-8"?>\n<ltfsindex version="{o.version}"><creator>Writer 1.0</creator>'
            f"<volumeuuid>{UUID}</volumeuuid><generationnumber>{generation}</generationnumber>"
            f"<updatetime>{TIME}</updatetime><location><partition>{'ab'[number]}</partition><startblock>{at}"
            f"</startblock></location>{back}<allowpolicyupdate>true</allowpolicyupdate>"
            "<volumelockstate>unlocked</volumelockstate><highestfileuid>9</highestfileuid>"
            f"<directory><fileuid>1</fileuid>{name_element(o.name)}{TIMES}<readonly>false</readonly><contents>{body}"
            "</contents></directory></ltfsindex>\n")
    tape.put(number, None, *records(o.index(number, text).encode(), o.block_bytes), None)
    return at


def entries(tape: Tape, content: Mapping[str, bytes], o: Options) -> str:
    """Puts the files onto the tape, in order; the elements of the root."""
    tree: dict[str, object] = {}
    for path in (*content, *o.symlinks):
        *above, name = path.split("/")
        into = tree
        for each in above:
            into = into.setdefault(each, {})                                        # type: ignore[assignment]
        into[name] = path
    return _directory(tape, tree, content, o)


def _directory(tape: Tape, tree: Mapping[str, object], content: Mapping[str, bytes], o: Options) -> str:
    out = ""
    for name, child in tree.items():
        if isinstance(child, dict):
            out += (f"<directory><fileuid>2</fileuid>{name_element(name)}{TIMES}<readonly>false</readonly><contents>"
                    f"{_directory(tape, child, content, o)}</contents></directory>")
        else:
            out += _file(tape, name, str(child), content, o)
    return out


def _file(tape: Tape, name: str, path: str, content: Mapping[str, bytes], o: Options) -> str:
    head = f"<file><fileuid>3</fileuid>{name_element(name)}"
    tail = f"{TIMES}<readonly>false</readonly>"
    if path in o.symlinks:
        return f"{head}<length>0</length>{tail}{name_element(o.symlinks[path], 'symlink')}</file>"
    raw = content[path]
    number = 0 if path in o.on_index else 1
    at = tape.put(number, *records(raw, o.block_bytes)) if raw else 0
    found = o.extents(path, at, len(raw)) if o.extents else []
    if not found and raw:
        found = [(0, "ab"[number], at, 0, len(raw))]
    extents = "".join(f"<extent><fileoffset>{offset}</fileoffset><partition>{letter}</partition><startblock>{start}"
                      f"</startblock><byteoffset>{skip}</byteoffset><bytecount>{count}</bytecount></extent>"
                      for offset, letter, start, skip, count in found)
    hashes = "".join(f"<xattr><key>ltfs.hash.{each}sum</key><value>{hashlib.new(each, raw).hexdigest()}</value></xattr>"
                     for each in o.hashes)
    blob = base64.b64encode(b"\0\1").decode()
    return (f"{head}<length>{o.lengths.get(path, len(raw))}</length>{tail}<extendedattributes><xattr><key>user.note"
            f'</key><value type="base64">{blob}</value></xattr>{hashes}</extendedattributes>{o.extra.get(path, "")}'
            f"<extentinfo>{extents}</extentinfo></file>")
