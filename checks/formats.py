"""The format consumer: do a file's first bytes fit its extension?

Takes the chunk that holds a file's beginning, gives findings `format-mismatch` and `package-encrypted`; relies on
`formats.toml` (a kept table: extensions outside it are not judged) and, to name what a misfit really is, on libmagic.
"""
from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from carriers.model import Chunk, Finding, Structure

_HEAD_BYTES = 2048           # libmagic tells xlsx only from 2048 bytes on (python-magic issue 199)
_NAMED = 20                  # misfits that libmagic is asked about; more of one code are counted, not listed


def load_signatures() -> dict[str, tuple[tuple[int, bytes], ...]]:
    """extension → ((offset, bytes), …), any one of which suffices."""
    table = tomllib.loads(Path(__file__).with_name("formats.toml").read_text(encoding="utf-8"))["signatures"]
    return {ext: tuple((offset, bytes.fromhex(text)) for offset, text in rows) for ext, rows in table.items()}


class Formats:
    """Consumer of one pass."""

    def __init__(self, structure: Structure) -> None:
        self._paths: Sequence[str] = structure.files.paths if structure.files is not None else []
        self._signatures = load_signatures()
        self._misfits: dict[int, bytes] = {}
        self._encrypted: list[int] = []

    def consume(self, chunk: Chunk) -> None:
        content = chunk.content
        if content is None:
            return
        for file_no, offset, at, length in chunk.parts:
            if offset or file_no >= len(self._paths):          # joined files begin like their first
                continue
            extension = self._paths[file_no].rpartition(".")[2].lower()
            wanted = self._signatures.get(extension)
            if wanted is None:
                continue
            if not any(content.startswith(sign, at + where) for where, sign in wanted):
                self._misfits[file_no] = content[at:at + min(length, _HEAD_BYTES)] if self._room() else b""
            elif extension == "zip" and length > 7 and content[at + 6] & 1:      # APPNOTE 4.4.4, bit 0
                self._encrypted.append(file_no)

    def save(self) -> dict[str, Any]:
        """The state for the journal."""
        return {"misfits": {str(n): head.hex() for n, head in self._misfits.items()}, "encrypted": self._encrypted}

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Take up the last state of an earlier sitting."""
        self._misfits = {int(n): bytes.fromhex(head) for n, head in saved["misfits"].items()}
        self._encrypted = list(saved["encrypted"])

    def findings(self) -> list[Finding]:
        """format-mismatch (facts: extension, found), package-encrypted."""
        found = [Finding("format-mismatch", self._paths[n], None,
                         {"extension": self._paths[n].rpartition(".")[2].lower(), "found": named(head)})
                 for n, head in sorted(self._misfits.items())]
        return found + [Finding("package-encrypted", self._paths[n]) for n in sorted(self._encrypted)]

    def _room(self) -> bool:
        return len(self._misfits) < _NAMED


def named(head: bytes) -> str:
    """What libmagic takes these first bytes for, as a MIME type; "" where they were not kept."""
    if not head:
        return ""
    import magic  # loads libmagic and its 8 MB table: only for the few files that need it

    return str(magic.from_buffer(head, mime=True))
