"""What a file system says of itself in fixed places: its size and label, whether it was closed, whether copies agree.

Takes the bytes of one volume by place; gives a `State`. Nothing here is needed to list the files, so nothing here can
prevent it. Source: Microsoft FAT specification 1.03; Microsoft exFAT specification (2019); kernel.org "ext4 data
structures"; Apple TN1150; Linux-NTFS "NTFS documentation" ($Boot).
"""
from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field

from carriers.file_systems import EXFAT, EXT, FAT, HFS_PLUS, NTFS, Kind

Bytes = Callable[[int, int], bytes]             # (at, length) → bytes of the volume, fewer at its end

_PIECE_BYTES = 1 << 20
_EXT_READ = 0x2 | 0x4 | 0x40 | 0x80 | 0x100 | 0x200 | 0x400 | 0x2000 | 0x4000 | 0x8000 | 0x10000 | 0x20000
_EXT_RECOVER, _EXT_ENCRYPT = 0x4, 0x10000
_EXT_BIGALLOC = 0x200


@dataclass(slots=True)
class State:
    """claimed_bytes: how long the volume says it is, 0 = not. label: "" where it lies in a directory, or nowhere.

    copies: what two copies of differ, by name → places. dirty: "" closed as it should be, "journal" changes may wait in
    a journal, "open" not closed. unread: a feature that is not read here. encrypted: files may be. inodes: how many are
    in use that names lead to, 0 = not said. dentries: of FAT and exFAT, where the first directory entry lies.
    """

    claimed_bytes: int = 0
    label: str = ""
    copies: dict[str, int] = field(default_factory=dict)
    dirty: str = ""
    unread: str = ""
    encrypted: bool = False
    inodes: int = 0
    dentries: int = 0


def state_of(kind: Kind, read: Bytes, length: int) -> State:
    """The state of a volume that begins as `kind` says and has room for `length` bytes."""
    looks: dict[Kind, Callable[[Bytes, int], State]] = {
        NTFS: _ntfs, EXFAT: _exfat, FAT: _fat, EXT: _ext, HFS_PLUS: _hfs_plus}
    return looks[kind](read, length)


def _ntfs(read: Bytes, length: int) -> State:
    boot = read(0, 512)
    sector = int.from_bytes(boot[11:13], "little")
    sectors = int.from_bytes(boot[40:48], "little")
    state = State((sectors + 1) * sector)
    if sector in (512, 1024, 2048, 4096) and state.claimed_bytes <= length:
        backup = read(sectors * sector, 512)
        if backup[3:11] == b"NTFS    " and backup[:80] != boot[:80]:
            state.copies["boot-sector"] = 1
    if state.claimed_bytes == length + sector:          # without room for the copy, as on a diskette
        state.claimed_bytes = length
    return state


def _exfat(read: Bytes, length: int) -> State:
    boot = read(0, 512)
    shift = boot[108]
    if not 9 <= shift <= 12:
        return State()
    state = State(int.from_bytes(boot[72:80], "little") << shift,
                  dentries=int.from_bytes(boot[88:92], "little") << shift)
    main, backup = bytearray(read(0, 12 << shift)), bytearray(read(12 << shift, 12 << shift))
    for copy in (main, backup):
        for at in (106, 107, 112):                      # VolumeFlags and PercentInUse may be stale in the backup, §3.1
            copy[at:at + 1] = b"\0"
    if main[:11 << shift] != backup[:11 << shift]:
        state.copies["boot-region"] = 1
    if int.from_bytes(boot[106:108], "little") & 2:
        state.dirty = "open"
    return state


def _fat(read: Bytes, length: int) -> State:
    boot = read(0, 512)
    sector, cluster, reserved, fats, roots, short = struct.unpack_from("<HBHBHH", boot, 11)
    sectors = short or int.from_bytes(boot[32:36], "little")
    of_fat = int.from_bytes(boot[22:24], "little") or int.from_bytes(boot[36:40], "little")
    state = State(sectors * sector, dentries=(reserved + fats * of_fat) * sector)
    is_fat32 = not boot[22:24].strip(b"\0")
    clusters = (sectors - reserved - fats * of_fat - -(-roots * 32 // sector)) // cluster
    if is_fat32:
        backup_at = int.from_bytes(boot[50:52], "little")
        backup = read(backup_at * sector, 512) if 0 < backup_at < reserved else b""
        if backup[510:512] == b"\x55\xaa" and (backup[:65], backup[66:]) != (boot[:65], boot[66:]):
            state.copies["boot-sector"] = 1
    mirrored = not (is_fat32 and boot[40] & 0x80)
    if not mirrored and boot[40] & 0x0F:                # pytsk3 follows the first one, whichever is in use
        state.unread = f"active FAT {boot[40] & 0x0F}"
    if fats == 2 and mirrored and (reserved + 2 * of_fat) * sector <= length:
        first, second = reserved * sector, (reserved + of_fat) * sector
        differ = sum(_differing(read, (first + at, second + at), min(_PIECE_BYTES, of_fat * sector - at), sector)
                     for at in range(0, of_fat * sector, _PIECE_BYTES))
        if differ:
            state.copies["FAT"] = differ
    entry = int.from_bytes(read(reserved * sector, 8), "little")
    closed = entry >> 32 & 0x08000000 if is_fat32 else entry >> 16 & 0x8000 if clusters >= 4085 else 1
    if not closed or boot[0x41 if is_fat32 else 0x25] & 1:
        state.dirty = "open"
    return state


def _differing(read: Bytes, places: tuple[int, int], length: int, sector: int) -> int:
    """In how many sectors two stretches differ."""
    one, other = read(places[0], length), read(places[1], length)
    if one == other:
        return 0
    return sum(one[at:at + sector] != other[at:at + sector] for at in range(0, length, sector))


def _ext(read: Bytes, length: int) -> State:
    block = read(1024, 1024)
    inodes, blocks, _, _, free, first, log, _, per_group, _, inodes_per_group = struct.unpack_from("<11I", block)
    compat, incompat, ro_compat = struct.unpack_from("<III", block, 92)
    if incompat & 0x80:
        blocks |= int.from_bytes(block[336:340], "little") << 32
    if log > 6 or blocks >> 32:                         # of an address pytsk3 puts the high half in the wrong place
        return State(unread=f"{blocks} blocks of 2^{10 + log} bytes")
    size = 1024 << log
    state = State(blocks * size, block[120:136].split(b"\0")[0].decode("utf-8", "replace"))
    if incompat & ~_EXT_READ or ro_compat & _EXT_BIGALLOC:
        state.unread = f"incompat {incompat:#x}, ro_compat {ro_compat:#x}"
    state.encrypted = bool(incompat & _EXT_ENCRYPT)
    clean = int.from_bytes(block[58:60], "little")
    if incompat & _EXT_RECOVER:
        state.dirty = "journal"
    elif clean & 2 or not clean & 1:
        state.dirty = "open"
    if per_group and first + per_group < blocks:        # group 1 has a copy with and without sparse_super
        copy = read((first + per_group) * size, 1024)
        same = ((0, 8), (20, 28), (32, 36), (40, 44), (104, 120))
        if copy[56:58] != b"\x53\xef" or any(copy[a:b] != block[a:b] for a, b in same):
            state.copies["superblock"] = 1
    reserved = int.from_bytes(block[84:88], "little") - 1 if int.from_bytes(block[76:80], "little") else 10
    hidden = reserved + bool(compat & 0x1000) + bool(ro_compat & 0x2000)    # orphan file, quota of projects: no name
    if not incompat & 0x400 and inodes > free:          # values of extended attributes have inodes of their own
        state.inodes = inodes - free - hidden
    return state


def _hfs_plus(read: Bytes, length: int) -> State:
    header = read(1024, 512)
    attributes, size, blocks = struct.unpack_from(">I", header, 4)[0], *struct.unpack_from(">II", header, 40)
    state = State(size * blocks)
    if not attributes & 0x100:                          # kHFSVolumeUnmountedBit
        state.dirty = "journal" if attributes & 0x2000 else "open"
    if 0 < state.claimed_bytes <= length:
        copy = read(state.claimed_bytes - 1024, 512)
        if copy[:2] != header[:2] or copy[40:48] != header[40:48]:
            state.copies["volume-header"] = 1
    return state
