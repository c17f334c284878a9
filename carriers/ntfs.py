"""What NTFS says that pytsk3 does not: initialised sizes, encryption, reparse tags, named streams, records not reached.

Takes the content of `$MFT` and its bitmap, read in order; gives facts by record number in columns. Relies on the layout
that the Linux-NTFS project documents ("NTFS documentation", FILE record, attributes 0x10 to 0x100).
"""
from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import NamedTuple

IN_USE, DIRECTORY, WHOLE, ENCRYPTED = 1, 2, 4, 8        # bits of `Records.states`; WHOLE: plain, initialised to its end
FIRST_USER_RECORD = 24                                  # 0-15 are the metafiles, 16-23 are kept for more of them
_HEAD = struct.Struct("<4sHHQHHHHIIQ")                  # magic, usa offset and count, lsn, seq, links, attrs, flags, …
_ATTRIBUTE = struct.Struct("<IIBBHHH")                  # type, length, non-resident, name length and offset, flags, id
_TOGETHER = 1 << 20
_REPARSE, _DATA, _LABEL, _VOLUME, _NAME = 0xC0, 0x80, 0x60, 0x70, 0x30
_COMPRESSED_OR_SPARSE, _IS_ENCRYPTED = 0x80FF, 0x4000
_DIRTY = 0x0001

# Source: Microsoft, MS-FSCC §2.1.2.1 "Reparse Tags"
_TAGS = {0xA000000C: "symlink", 0xA0000003: "junction", 0x80000017: "wof", 0x80000013: "dedup", 0x80000021: "onedrive",
         0x80000007: "sis", 0xC0000004: "hsm", 0x80000006: "hsm", 0xA000001D: "symlink", 0x8000001B: "app-link"}
_CLOUD, _CLOUD_MASK = 0x9000001A, 0xFFFF0FFF


class Records:
    """The records of an MFT. states: bits by number; streams: (name, bytes) of named $DATA; tags: of reparse points.

    names: those that are no sound UTF-16, which pytsk3 garbles. damaged: records that the bitmap calls used and that
    cannot be read. dirty, label: as `$Volume` says.
    """

    def __init__(self) -> None:
        self.states = bytearray()
        self.streams: dict[int, list[tuple[str, int]]] = {}
        self.tags: dict[int, int] = {}
        self.names: dict[int, list[str]] = {}
        self.damaged: list[int] = []
        self.dirty = False
        self.label = ""


class _Attribute(NamedTuple):
    kind: int
    flags: int
    name: str
    resident: bytes | None
    sizes: tuple[int, int, int]         # lowest VCN, data size, initialised size, where it is not resident


def read_records(read: Callable[[int, int], bytes], size: int, record_bytes: int, bitmap: bytes) -> Records:
    """Go through an MFT of `size` bytes once.

    Args: read: (at, length) → its content, shorter where it cannot be had. bitmap: of `$MFT`, which records are used.
    """
    found = Records()
    total = size // record_bytes
    found.states = bytearray(total)
    for at in range(0, total * record_bytes, _TOGETHER):
        piece = read(at, min(_TOGETHER, total * record_bytes - at))
        for begin in range(0, len(piece) - record_bytes + 1, record_bytes):
            number = (at + begin) // record_bytes
            is_used = number // 8 < len(bitmap) and bool(bitmap[number // 8] >> number % 8 & 1)
            if piece[begin:begin + 4] == b"FILE":
                if not _take(found, number, piece[begin:begin + record_bytes]) and is_used:
                    found.damaged.append(number)
            elif is_used and number >= FIRST_USER_RECORD:
                found.damaged.append(number)
    return found


def tag_name(tag: int) -> str:
    """What a reparse tag stands for; the tag itself where it is not known."""
    return "cloud" if tag & _CLOUD_MASK == _CLOUD else _TAGS.get(tag, f"reparse {tag:#010x}")


def is_clean(log: bytes) -> bool:
    """Whether the first page of `$LogFile` says that nothing waits in the log; an empty one never did.

    Source: Linux-NTFS, "$LogFile", restart area: client_in_use_list 0xFFFF, or the flag RESTART_VOLUME_IS_CLEAN.
    """
    if log[:4] != b"RSTR" or len(log) < 512:
        return log[:4] != b"CHKD"
    at = int.from_bytes(log[24:26], "little")
    if at + 16 > len(log):
        return False
    in_use, flags = struct.unpack_from("<HH", log, at + 12)
    return in_use == 0xFFFF or bool(flags & 2)


def _take(found: Records, number: int, raw: bytes) -> bool:
    """Note what a record says; whether it makes sense."""
    _, usa, count, _, _, _, first, flags, used, _, base = _HEAD.unpack_from(raw)
    if not flags & 1:
        return number < FIRST_USER_RECORD
    record = _fixed(raw, usa, count)
    if record is None or not 0 < first <= used <= len(record):
        return False
    owner = (base & 0xFFFFFFFFFFFF) or number
    if owner >= len(found.states):
        return False
    if owner == number:
        found.states[number] |= IN_USE | (DIRECTORY if flags & 2 else 0)
    for attribute in _attributes(record, first, used):
        if attribute is None:
            return False
        if attribute.kind == _DATA:
            _take_data(found, owner, attribute)
        elif attribute.kind == _REPARSE:
            found.tags[owner] = int.from_bytes((attribute.resident or b"")[:4], "little")
        elif attribute.kind == _VOLUME and owner == 3:
            found.dirty = bool(int.from_bytes((attribute.resident or b"")[10:12], "little") & _DIRTY)
        elif attribute.kind == _NAME:
            _take_name(found, owner, attribute.resident or b"")
        elif attribute.kind == _LABEL and owner == 3:
            found.label = (attribute.resident or b"").decode("utf-16-le", "replace")
    return True


def _take_name(found: Records, owner: int, value: bytes) -> None:
    """A $FILE_NAME: its length in characters stands at 64, the name from 66 on."""
    name = value[66:66 + 2 * value[64]] if len(value) > 66 else b""
    try:
        name.decode("utf-16-le")
    except UnicodeDecodeError:
        found.names.setdefault(owner, []).append(name.decode("utf-16-le", "surrogatepass"))


def _take_data(found: Records, owner: int, attribute: _Attribute) -> None:
    lowest, size, initialised = attribute.sizes
    if attribute.name:
        if not lowest and owner >= FIRST_USER_RECORD:
            found.streams.setdefault(owner, []).append(
                (attribute.name, size if attribute.resident is None else len(attribute.resident)))
        return
    if attribute.flags & _IS_ENCRYPTED:
        found.states[owner] |= ENCRYPTED
    if attribute.resident is None and not lowest and size == initialised \
            and not attribute.flags & (_COMPRESSED_OR_SPARSE | _IS_ENCRYPTED):
        found.states[owner] |= WHOLE


def _fixed(raw: bytes, usa: int, count: int) -> bytes | None:
    """A record with the last two bytes of each 512 put back, None where they are not as the update sequence says."""
    if usa + 2 * count > len(raw) or (count - 1) * 512 > len(raw) or count < 2:
        return None
    fixed, mark = bytearray(raw), raw[usa:usa + 2]
    for index in range(1, count):
        at = index * 512 - 2
        if raw[at:at + 2] != mark:
            return None
        fixed[at:at + 2] = raw[usa + 2 * index:usa + 2 * index + 2]
    return bytes(fixed)


def _attributes(record: bytes, at: int, used: int) -> Iterator[_Attribute | None]:
    """The attributes of a record; None, and no more, where one makes no sense."""
    while at + 4 <= used and record[at:at + 4] != b"\xff\xff\xff\xff":
        if at + 24 > used:
            yield None
            return
        kind, length, elsewhere, name_length, name_at, flags, _ = _ATTRIBUTE.unpack_from(record, at)
        if length < 24 or at + length > used:
            yield None
            return
        if kind in (_DATA, _REPARSE, _LABEL, _VOLUME, _NAME):
            name = record[at + name_at:at + name_at + 2 * name_length].decode("utf-16-le", "surrogatepass") \
                if name_length else ""
            if elsewhere:
                lowest, = struct.unpack_from("<Q", record, at + 16)
                sizes = struct.unpack_from("<QQ", record, at + 48) if length >= 64 else (0, 0)
                yield _Attribute(kind, flags, name, None, (lowest, *sizes))
            else:
                size, value = struct.unpack_from("<IH", record, at + 16)
                yield _Attribute(kind, flags, name, record[at + value:min(at + value + size, at + length)], (0, 0, 0))
        at += length
