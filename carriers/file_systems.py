"""Which file system begins at a place of a disk: those that are read, those that are encrypted, all others by name.

Takes the first bytes of a volume; gives a `Kind`. Relies on the signatures that the makers of each publish; a file
system that is not in the table has no name, and is never taken for nothing.
"""
from __future__ import annotations

import struct
from typing import NamedTuple

HEAD_BYTES = 264 * 1024         # where all signatures lie

ENCRYPTED = "encrypted"         # how a volume is read: not at all, …
UNKNOWN = "unknown"
BY_UDF = "udf"                  # … by `udf`, …
TSK = "tsk"                     # … by pytsk3


class Kind(NamedTuple):
    """name: of the file system or of what encrypts it, "" = not known. reader: one of the four above.

    tsk_type: what pytsk3 calls it, so that it never guesses.
    """

    name: str
    reader: str
    tsk_type: str = ""


NTFS = Kind("NTFS", TSK, "TSK_FS_TYPE_NTFS")
EXFAT = Kind("exFAT", TSK, "TSK_FS_TYPE_EXFAT")
FAT = Kind("FAT", TSK, "TSK_FS_TYPE_FAT_DETECT")
EXT = Kind("ext", TSK, "TSK_FS_TYPE_EXT_DETECT")
HFS_PLUS = Kind("HFS+", TSK, "TSK_FS_TYPE_HFS_DETECT")
UDF = Kind("UDF", BY_UDF)
NONE = Kind("", UNKNOWN)

_TO_GO = bytes.fromhex("3bd67649292ed84a8399f6a339e3d001")      # the GUID 4967d63b-2e29-4ad8-8399-f6a339e3d001
# In this order: what encrypts comes before what it may look like. (place, bytes): all must be there.
_SIGNATURES: tuple[tuple[Kind, tuple[tuple[int, bytes], ...]], ...] = (
    (Kind("BitLocker", ENCRYPTED), ((3, b"-FVE-FS-"),)),
    (Kind("BitLocker To Go", ENCRYPTED), ((3, b"MSWIN4.1"), (0x1A8, _TO_GO))),
    (Kind("LUKS", ENCRYPTED), ((0, b"LUKS\xba\xbe"),)),
    (Kind("FileVault (CoreStorage)", ENCRYPTED), ((88, b"CS"), (8, b"\1\0"), (10, b"\x10\0"))),
    (NTFS, ((3, b"NTFS    "), (510, b"\x55\xaa"))),
    (EXFAT, ((3, b"EXFAT   "), (510, b"\x55\xaa"))),
    (Kind("ReFS", UNKNOWN), ((3, b"ReFS\0\0\0\0"),)),
    (Kind("XFS", UNKNOWN), ((0, b"XFSB"),)),
    (Kind("APFS", UNKNOWN), ((32, b"NXSB"),)),
    (Kind("LVM2", UNKNOWN), ((512, b"LABELONE"), (536, b"LVM2 001"))),
    (Kind("swap", UNKNOWN), ((4086, b"SWAPSPACE2"),)),
    (Kind("Linux RAID", UNKNOWN), ((0, b"\xfc\x4e\x2b\xa9"),)),
    (Kind("Linux RAID", UNKNOWN), ((4096, b"\xfc\x4e\x2b\xa9"),)),
    (Kind("btrfs", UNKNOWN), ((0x10040, b"_BHRfS_M"),)),
    (Kind("F2FS", UNKNOWN), ((1024, b"\x10\x20\xf5\xf2"),)),
    (Kind("ReiserFS", UNKNOWN), ((0x10034, b"ReIsEr"),)),
    (Kind("JFS", UNKNOWN), ((0x8000, b"JFS1"),)),
    (Kind("SquashFS", UNKNOWN), ((0, b"hsqs"),)),
    (Kind("ZFS", UNKNOWN), ((0x20000, b"\x0c\xb1\xba\0\0\0\0\0"),)),
    (Kind("ZFS", UNKNOWN), ((0x20000, b"\0\0\0\0\0\xba\xb1\x0c"),)),
    (Kind("QCOW2", UNKNOWN), ((0, b"QFI\xfb"),)),            # disks in a file, which is no image of them
    (Kind("VHD", UNKNOWN), ((0, b"conectix"),)),
    (Kind("VHDX", UNKNOWN), ((0, b"vhdxfile"),)),
    (Kind("VMDK", UNKNOWN), ((0, b"KDMV"),)),
    (Kind("EnCase (E01)", UNKNOWN), ((0, b"EVF\x09\r\n\xff\0"),)),
    (HFS_PLUS, ((1024, b"H+\0\4"),)),
    (HFS_PLUS, ((1024, b"HX\0\5"),)),
    (EXT, ((1080, b"\x53\xef"),)),
)
_HFS = struct.Struct(">H16xHI")         # drSigWord, drNmAlBlks, drAlBlkSiz
_RAID_WITHIN = 64 << 10         # of the end: where version 0.90 and 1.0 of Linux RAID keep their superblock


def kind_of(head: bytes) -> Kind:
    """The file system whose first `HEAD_BYTES` (fewer of a small volume) these are."""
    for kind, marks in _SIGNATURES:
        if all(head[at:at + len(mark)] == mark for at, mark in marks):
            return kind
    if _is_fat(head):
        return FAT
    if _is_hfs(head):
        return Kind("HFS", UNKNOWN)
    recognition = {head[at + 1:at + 6] for at in range(0x8000, 0x10000, 2048)}
    if b"NSR02" in recognition or b"NSR03" in recognition:
        return UDF
    if b"CD001" in recognition:
        return Kind("ISO 9660", UNKNOWN)
    if any(head[at:at + 4] == b"\x0c\xb1\xba\0" for at in range(0x20000, min(len(head), 0x40000), 1024)):
        return Kind("ZFS", UNKNOWN)
    return NONE


def is_raid(tail: bytes) -> bool:
    """Whether the last 128 KiB of a volume hold the superblock of a Linux RAID. Source: md(4), "superblock formats"."""
    size = len(tail)
    places = (size - (size % _RAID_WITHIN) - _RAID_WITHIN, size - 8192 - size % 4096)
    return any(at >= 0 and tail[at:at + 4] == b"\xfc\x4e\x2b\xa9" for at in places)


def _is_hfs(head: bytes) -> bool:
    """A master directory block that makes sense: two bytes alone are anybody's. Source: Inside Macintosh: Files, 2-60.
    """
    if len(head) < 1024 + _HFS.size:
        return False
    signature, blocks, block_bytes = _HFS.unpack_from(head, 1024)
    return signature == 0x4244 and blocks > 0 and block_bytes > 0 and not block_bytes % 512


def _is_fat(head: bytes) -> bool:
    """A BIOS parameter block that makes sense; the words "FAT16" in it are not to be relied on.

    Source: Microsoft FAT specification 1.03, "Boot Sector and BPB".
    """
    if len(head) < 512 or head[510:512] != b"\x55\xaa" or not (head[0] == 0xE9 or head[0] == 0xEB):
        return False
    sector, cluster, fats, media = int.from_bytes(head[11:13], "little"), head[13], head[16], head[21]
    reserved, short = int.from_bytes(head[14:16], "little"), int.from_bytes(head[19:21], "little")
    return sector in (512, 1024, 2048, 4096) and cluster > 0 and cluster & (cluster - 1) == 0 and reserved > 0 \
        and fats in (1, 2) and (media == 0xF0 or media >= 0xF8) and (short > 0 or any(head[32:36]))
