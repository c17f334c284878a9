"""What a reader showed of an image. A witness imports nothing of ours; this module is what they all speak in."""
from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

UNREAD = "unreadable"           # in place of an MD5: the reader shows the file and says itself that it cannot be read


@dataclass(frozen=True, slots=True)
class View:
    """One tree as a reader shows it. tree: its name in our words, "" where the reader does not say which it took."""

    tree: str
    files: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Reading:
    """All that a reader showed of an image; no view at all is a refusal, and `said` is its reason.

    failed: the reader itself said that something was wrong. claims: what it says without showing files (udfinfo).
    """

    views: tuple[View, ...] = ()
    failed: bool = False
    said: str = ""
    claims: Mapping[str, str] = field(default_factory=dict)


def md5(pieces: Iterable[bytes]) -> str:
    digest = hashlib.md5(usedforsecurity=False)
    for piece in pieces:
        digest.update(piece)
    return digest.hexdigest()


def md5_of(file: BinaryIO) -> str:
    return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
