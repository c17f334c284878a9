"""Damage to lists of every tool: no error but a refusal, no hang, and no line that says what the text does not.

`./run test` tries a seeded sample; `hurt` takes any number (100 000 were tried before the layouts were accepted).
"""
from __future__ import annotations

import base64
import html
import random
import re
import time
import unicodedata
from collections.abc import Mapping
from pathlib import Path

import pytest

from checks.form import FormUnreadable, SubmittedForm, read_form
from tests.windows_tools import TOOLS, Content, Write, crlf, of, windows

CONTENT = {"说明.txt": b"J010", "案卷/0001.pdf": b"1" * 3000, "案卷/file 2.bin": b"2" * 9000, "a.dat": b"3"}


def md5sum(content: Content) -> str:
    return "# made by md5sum\n" + "".join(f"{of(raw)}  {path}\n" for path, raw in content.items())


def bsd(content: Content) -> str:
    return "".join(f"SHA1 ({path}) = {of(raw, 'sha1')}\n" for path, raw in content.items())


def hashdeep(content: Content) -> str:
    return crlf("%%%% HASHDEEP-1.0\n%%%% size,md5,sha256,filename\n## Invoked from: E:\\\n##\n" + "".join(
        f"{len(raw)},{of(raw)},{of(raw, 'sha256')},{windows(path)}\n" for path, raw in content.items()))


LISTS: Mapping[str, tuple[Write, str, str]] = {
    "md5sum": (md5sum, "utf-8", "list.md5"), "bsd": (bsd, "utf-8", "list.txt"),
    "hashdeep": (hashdeep, "gb18030", "list.txt"),
    **{tool: (write, encoding, name) for tool, (write, encoding, name, _, _) in TOOLS.items()}}
PIECES = [*"0123456789abcdefABCDEFgO", *" \t\n\r*\\/:;,=<>&\"'?.…#%|()-", "\r\n", "\0", "\x1b", "\u202e", "　", "：",
          "文件: ", "MD5", "SHA1", "<td>", "</tr>", "; UTF8: ", "CertUtil:", "----------", "%%%%", "//",
          "Path = ", "\ud800"]


def read(folder: Path, raw: bytes, name: str) -> SubmittedForm | None:
    path = folder / name
    path.write_bytes(raw)
    began = time.process_time()
    try:
        return read_form(path)
    except FormUnreadable:
        return None
    finally:
        assert time.process_time() - began < 2


def sound(form: SubmittedForm) -> dict[tuple[str, str], str]:
    return {(line.path, line.algorithm): line.digest for line in form.lines if line.digest and not line.defect}


def hurt(folder: Path, tool: str, seed: int) -> bool:
    """Damage a list in one place, read it, and hold every line that counts as sound against the text. Returns: read?"""
    write, encoding, name = LISTS[tool]
    text = write(CONTENT)
    chance = random.Random(f"{tool} {seed}")
    at = chance.randrange(len(text))
    upto = min(len(text), at + chance.choice((1, 1, 1, 2, 5, 30)))
    piece, span = chance.choice(PIECES), text[at:upto]
    damaged = text[:at] + chance.choice(("", "", piece, piece + span, span * 2, span.swapcase())) + text[upto:]
    raw = damaged.encode(encoding, "surrogatepass" if encoding.startswith("utf") else "replace")
    if chance.random() < 0.2:                               # bytes, too
        raw = bytearray(raw)
        raw[chance.randrange(len(raw))] = chance.randrange(256)
    form = read(folder, bytes(raw), name)
    if form is None:
        return False
    (folder / name).write_bytes(text.encode(encoding))
    whole = sound(read_form(folder / name))
    hold(sound(form), whole, bytes(raw).decode(form.encoding))
    return True


def hold(found: Mapping[tuple[str, str], str], whole: Mapping[tuple[str, str], str], text: str) -> None:
    """No digest of one file for another, and nothing that stands nowhere in the text."""
    flat = re.sub(r"[\s:\-\u2010-\u2015]", "", unicodedata.normalize("NFKC", text)).lower()
    names = text + html.unescape(text) + text.replace("\\\\", "\\")
    escaped = text.replace("\\\\", "\0").replace("\\n", "\n").replace("\\r", "\r")      # as md5sum writes names
    names += escaped.replace("\0", "\\")
    owners: dict[str, set[str]] = {}
    for (path, _), digest in whole.items():
        owners.setdefault(digest, set()).add(path)
    paths = {path for path, _ in whole}
    for (path, algorithm), digest in found.items():
        if whole.get((path, algorithm)) == digest:
            continue
        written = digest in flat or base64.b64encode(bytes.fromhex(digest)).decode() in text
        assert written, (path, algorithm, digest)
        assert path not in paths or digest not in owners, ("another file's digest", path, algorithm, digest)
        assert path in names or path in re.sub(r"[ \t]*[\r\n]\s*", " ", names), ("no such name", path)


@pytest.mark.parametrize("tool", LISTS)
def test_damage_in_one_place(tool: str, tmp_path: Path) -> None:
    count = sum(hurt(tmp_path, tool, seed) for seed in range(40))
    assert count > 10


@pytest.mark.parametrize("tool", LISTS)
def test_a_digit_is_a_digit_of_its_line(tool: str, tmp_path: Path) -> None:
    """One hex digit changed changes one digest; one that is no hex digit makes one digest untrusted."""
    write, encoding, name = LISTS[tool]
    text = write(CONTENT)
    form = read(tmp_path, text.encode(encoding), name)
    assert form
    whole, chance = sound(form), random.Random(tool)
    assert whole
    for key, digest in whole.items():
        for writing in (digest, digest.upper(), " ".join(digest[n:n + 2] for n in range(0, len(digest), 2))):
            place = text.find(writing)
            if place < 0 or text.count(writing) > 1:
                continue
            at = place + chance.choice([n for n, digit in enumerate(writing) if digit != " "])
            other = "0" if text[at] != "0" else "1"
            changed = read(tmp_path, (text[:at] + other + text[at + 1:]).encode(encoding), name)
            assert changed and sound(changed).keys() == whole.keys()
            assert {k for k, d in sound(changed).items() if d != whole[k]} == {key}
            spoiled = read(tmp_path, (text[:at] + "g" + text[at + 1:]).encode(encoding), name)
            assert spoiled and key not in sound(spoiled)
            assert all(whole[k] == d for k, d in sound(spoiled).items())
            assert any(line.defect for line in spoiled.lines)
            break
