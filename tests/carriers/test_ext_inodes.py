"""Inodes of ext that pytsk3 must not follow: trees and maps that come back to themselves, and what is none of that."""
from __future__ import annotations

import struct
from pathlib import Path

import pytest

from carriers.ext_inodes import Inodes
from tests import disk_kit
from tests.vectors_kit import PLAIN

FILE = 12                                       # the first inode of a file; lost+found is 11
NODE = 3000                                     # a free block


def node(entries: int, depth: int, *children: int) -> bytes:
    head = struct.pack("<HHHHI", 0xF30A, entries, 4, depth, 0)
    return head + b"".join(struct.pack("<IIHH", 0, child, 0, 0) for child in children)


@pytest.mark.parametrize(("root", "inner", "follows"), [
    (node(1, 1, NODE), node(0, 0), True),                       # a level of leaves
    (node(1, 1, NODE), node(1, 1, NODE), False),                # names itself
    (node(2, 1, NODE, NODE), node(0, 0), False),                # the same twice
    (node(1, 1, NODE), node(1000, 0), False),                   # more entries than a block holds
    (node(1, 1, 1 << 31), node(0, 0), False),                   # outside the volume
    (node(1, 9, NODE), node(0, 8), False),                      # deeper than any
    (node(1, 1, NODE), b"no node".ljust(12), True),             # pytsk3 refuses it at once
    (node(1, 0, NODE), b"".ljust(12), True)])
def test_extent_trees_end(tmp_path: Path, root: bytes, inner: bytes, follows: bool) -> None:
    raw = bytearray(disk_kit.ext(tmp_path, PLAIN, "-b", "1024").read_bytes())
    table = int.from_bytes(raw[2048 + 8:2048 + 12], "little") * 1024
    at = table + (FILE - 1) * 256
    raw[at + 40:at + 100] = root.ljust(60, b"\0")
    raw[NODE * 1024:NODE * 1024 + len(inner)] = inner
    inodes = Inodes(lambda place, n: bytes(raw[place:place + n]), len(raw))
    for begin in (0, table, at - 100, at + 100):                # however much of it is asked for at once
        content = bytes(raw[begin:begin + 100_000])
        inode = slice(max(at - begin, 0), at - begin + 256)
        assert inodes.cleared(begin, content)[inode] == (content[inode] if follows else bytes(len(content[inode])))


@pytest.mark.parametrize("patch", [(1024 + 24, b"\x09"), (1024 + 32, bytes(4)), (1024 + 40, bytes(4))])
def test_a_superblock_without_sense_is_refused(tmp_path: Path, patch: tuple[int, bytes]) -> None:
    raw = bytearray(disk_kit.ext(tmp_path, PLAIN, "-b", "1024").read_bytes())
    raw[patch[0]:patch[0] + len(patch[1])] = patch[1]
    with pytest.raises(OSError):
        Inodes(lambda place, n: bytes(raw[place:place + n]), len(raw))
