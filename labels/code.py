"""The 2-D code of a paper: ASCII, so that every reader gives back the same text (Chinese bytes come back as mojibake).

Takes what a paper is and says, gives text; and the same back from text. Five parts, parted by bars:
number | carrier | content | outcome | head.
"""
from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import quote, unquote

DIGITS = 16                        # of each hash: 64 bits, and the code stays large enough to be scanned
_HEX = frozenset("0123456789abcdef")


class PaperCode(NamedTuple):
    """number: of the 检验表, 认证 sheet or lock page. carrier: 载体编号, "" = the paper is about no single one.

    content, head: first digits of `content_of` and of the hash of the act's line in the register. outcome: its word.
    """

    number: str
    carrier: str
    content: str
    outcome: str
    head: str

    def text(self) -> str:
        """The code's text; a part's own bars and what is not ASCII are percent-encoded."""
        return "|".join(quote(part, safe=" ()+,./:;=@_~") for part in self)


def parsed(text: str) -> PaperCode | None:
    """The parts of a code's text; None where it is not one of ours."""
    parts = [unquote(part) for part in text.strip().split("|")]
    if len(parts) != 5 or not parts[0] or not _HEX.issuperset(parts[2] + parts[4]):
        return None
    return PaperCode(*parts)


def content_of(digests: Sequence[str | None]) -> str:
    """The first digits of a content digest; of several, those of the SHA-256 over them, a line each."""
    if len(digests) == 1:
        return (digests[0] or "")[:DIGITS]
    return hashlib.sha256("".join(f"{digest or ''}\n" for digest in digests).encode()).hexdigest()[:DIGITS]


def short(head: str) -> str:
    """A head of the register as people read and type it: its first digits in groups of four."""
    return " ".join(head[at:at + 4] for at in range(0, DIGITS, 4))
