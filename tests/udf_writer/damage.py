"""Damage to one structure of an image, by its name in `UdfImage.places`. Each gives a new image."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from struct import pack

from tests.udf_writer.model import UdfImage
from tests.udf_writer.structures import checksum, crc


def patched(image: UdfImage, name: str, offset: int, raw: bytes) -> UdfImage:
    """Bytes of a structure overwritten from this offset in it; its checksum and CRC stay as they were."""
    whole = bytearray(image.read(name))
    if offset + len(raw) > len(whole):
        raise ValueError(f"{name} has {len(whole)} bytes")
    whole[offset:offset + len(raw)] = raw
    changed, at = bytearray(image.raw), 0
    for start, length in image.places[name]:
        changed[start:start + length] = whole[at:at + length]
        at += length
    return replace(image, raw=bytes(changed))


def zeroed(image: UdfImage, name: str) -> UdfImage:
    """A structure of which nothing is left, as where a block was never written."""
    return patched(image, name, 0, bytes(len(image.read(name))))


def inverted(image: UdfImage, name: str) -> UdfImage:
    """A structure every byte of which is wrong."""
    return patched(image, name, 0, bytes(byte ^ 0xFF for byte in image.read(name)))


def retagged(image: UdfImage, name: str, fields: Mapping[int, bytes] | None = None, *, crc_length: int | None = None,
             **tag: int) -> UdfImage:
    """A descriptor that says something else and is sound by its tag: checksum and CRC are made again (3/7.2).

    Args: fields: offset in the descriptor (its tag's 16 bytes included) → bytes there.
          crc_length: how many bytes after the tag the CRC covers; None = as before.
          tag: identifier, version, serial, location.
    """
    whole = bytearray(image.read(name))
    for offset, raw in (fields or {}).items():
        whole[offset:offset + len(raw)] = raw
    if len(whole) != len(image.read(name)):
        raise ValueError(f"{name} has {len(image.read(name))} bytes")
    for field, (offset, form) in {"identifier": (0, "<H"), "version": (2, "<H"), "serial": (6, "<H"),
                                  "location": (12, "<I")}.items():
        if field in tag:
            whole[offset:offset + len(pack(form, 0))] = pack(form, tag.pop(field))
    if tag:
        raise ValueError(f"a tag has no {', '.join(tag)}")
    length = int.from_bytes(whole[10:12], "little") if crc_length is None else crc_length
    whole[8:12] = pack("<HH", crc(bytes(whole[16:16 + length])), length)
    whole[4] = checksum(bytes(whole[:16]))
    return patched(image, name, 0, bytes(whole))


def cut(image: UdfImage, blocks: int) -> UdfImage:
    """An image that ends after so many blocks. Places behind them stay named."""
    return replace(image, raw=image.raw[:blocks * image.block_bytes])
