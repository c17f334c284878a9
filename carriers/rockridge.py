"""Rock Ridge: what stands in the system use area of an ISO 9660 directory record.

Takes the bytes of a record and, for continuation areas, the source; gives names, symbolic links, relocations and
storage forms, those of CD-ROM XA too. Relies on SUSP 1.12, RRIP 1.09 and 1.12; areas come from the carrier and are
followed within a budget.
"""
from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import NamedTuple

# CE: block, offset, length, each recorded both-endian after 4 bytes
_AREA, _AREA_BE = struct.Struct("<4xI4xI4xI4x"), struct.Struct(">8xI4xI4xI")
_ORDINARY, _LINK = (0x80, 0x40), 0xA0         # upper half of the second byte of st_mode: file, directory; link
_KINDS = {0xC0: "socket", 0x60: "block-device", 0x20: "character-device", 0x10: "fifo"}
_AREAS_PER_RECORD = 64
XA_BYTES = 14                   # what CD-ROM XA puts into a system use area, before anything else
# attributes: System Description CD-ROM XA
_XA_FORMS = {0x4000: "cd-da", 0x1000: "cd-xa-form2", 0x2000: "cd-xa-interleaved"}
_XA_DIRECTORY = 0x8000

ReadArea = Callable[[int, int, int], bytes | None]
"""(block, offset in it, length) → the bytes of a continuation area; None = not to be had, or budget spent."""


class SystemUse(NamedTuple):
    """One record's system use. name b"" = none recorded, the ISO name stands.

    link: target of a symbolic link, None = no link. child_lba: CL, the directory relocated from here, -1 = none.
    relocated: RE. kind: "" or what the record is instead of a file. stored: "" or the form ("zisofs", "sparse")
    in which the content is kept. damage: "" or what was wrong.
    """

    name: bytes = b""
    link: bytes | None = None
    child_lba: int = -1
    relocated: bool = False
    kind: str = ""
    stored: str = ""
    damage: str = ""


def plain_name(block: bytes, at: int, end: int) -> bytes | None:
    """The name of an ordinary record, fast. None: there is more to it, or less; ask `read_system_use`."""
    name = None
    while end - at >= 4:
        signature, length = block[at:at + 2], block[at + 2]
        if signature == b"PX":
            if block[at + 5] & 0xF0 not in _ORDINARY:
                return None
        elif signature == b"NM":
            if name is not None or block[at + 4] or length < 6:
                return None
            name = block[at + 5:at + length]
        elif signature != b"TF" and signature != b"RR":
            return None
        if length < 4:
            return None
        at += length
    return name if at <= end else None


def skip_of_root(area: bytes) -> int | None:
    """The bytes to skip in each system use area, from the SP entry of the root's first record. None = no SUSP.

    Source: SUSP 1.12 §5.3; CD-ROM XA puts 14 bytes of its own before it.
    """
    for at in (0, 14):
        if area[at:at + 2] == b"SP" and area[at + 4:at + 6] == b"\xbe\xef":
            return area[at + 6]
    return None


def looks_like_rock_ridge(area: bytes) -> bool:
    """A record's area that reads as Rock Ridge even where the root's SP entry was lost."""
    return area[:2] in (b"RR", b"PX", b"NM", b"TF") and len(area) > 3 and 4 <= area[2] <= len(area) and area[3] == 1


def is_xa(area: bytes) -> bool:
    """Whether a system use area begins as CD-ROM XA has it: group, user, attributes, "XA", file number."""
    return area[6:8] == b"XA"


def xa_form(area: bytes) -> str:
    """The form in which CD-ROM XA records a file's sectors, where blocks of 2048 bytes are not its content; else ""."""
    attributes = int.from_bytes(area[4:6], "big")
    if not is_xa(area) or attributes & _XA_DIRECTORY:
        return ""
    return next((form for bit, form in _XA_FORMS.items() if attributes & bit), "")


def read_system_use(block: bytes, at: int, end: int, read_area: ReadArea) -> SystemUse:
    """Read a record's system use with its continuation areas. Never raises; what is wrong is in `damage`."""
    name: list[bytes] = []
    link: list[bytes] = []
    use = SystemUse()
    is_link = False
    for signature, body in _entries(block[at:end], read_area):
        if signature == b"NM" and body:
            if not body[0] & 0x06:                      # CURRENT and PARENT carry no name
                name.append(body[1:])
        elif signature == b"SL" and body:
            is_link = True
            link.append(body[1:])
        elif signature == b"CL" and len(body) >= 4:
            use = use._replace(child_lba=int.from_bytes(body[:4], "little"))
            if body[:4] != body[7:3:-1]:
                use = use._replace(damage="system-use")
        elif signature == b"RE":
            use = use._replace(relocated=True)
        elif signature == b"PX" and len(body) >= 2:
            use = use._replace(kind=_KINDS.get(body[1] & 0xF0, ""))
            is_link = is_link or body[1] & 0xF0 == _LINK
        elif signature in (b"ZF", b"SF"):
            use = use._replace(stored="zisofs" if signature == b"ZF" else "sparse")
        elif signature == b"":
            use = use._replace(damage="system-use")
    return use._replace(name=b"".join(name), link=_target(b"".join(link)) if is_link else None)


def _entries(area: bytes, read_area: ReadArea) -> Iterator[tuple[bytes, bytes]]:
    """(signature, body after the version) in order, through continuation areas; (b"", b"") where it is damaged."""
    for _ in range(_AREAS_PER_RECORD):
        following: list[tuple[int, int, int]] = []
        at = 0
        while len(area) - at >= 4:
            signature, length = area[at:at + 2], area[at + 2]
            if signature == b"ST" or not any(area[at:at + 4]):
                break
            if length < 4 or at + length > len(area) or not (signature.isalnum() and signature.isupper()):
                yield b"", b""
                break
            if signature == b"CE" and length >= 28:
                following = list(dict.fromkeys((_AREA.unpack_from(area, at), _AREA_BE.unpack_from(area, at))))
            else:
                yield signature, area[at + 4:at + length]
            at += length
        if not following:
            return
        if len(following) > 1:                          # its two halves differ: the one that leads to an area
            yield b"", b""
        for block, offset, size in following:
            continued = read_area(block, offset, size) if size >= 4 else None
            if continued is not None and continued[0]:
                area = continued
                break
        else:
            break
    yield b"", b""


def _target(components: bytes) -> bytes:
    """The target of a symbolic link from its component records. Source: RRIP 1.12 §4.1.3."""
    target, at, joined = b"", 0, True
    while at + 2 <= len(components):
        flags, length = components[at], components[at + 1]
        text = {0x02: b".", 0x04: b"..", 0x08: b""}.get(flags & 0x0E, components[at + 2:at + 2 + length])
        target = target + text if joined else target + b"/" + text
        if flags & 0x08:
            target = b"/"
        joined = bool(flags & 0x09)
        at += 2 + length
    return target
