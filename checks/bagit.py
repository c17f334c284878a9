"""BagIt bags: what the tag files of a bag list and say of it.

Takes the bytes of the tag files, gives lines, findings and a `Bag`; opens nothing and fetches nothing. A manifest is
read as the standard writes it, by its own reader: names are percent-encoded there and nowhere else.
Source: RFC 8493 (BagIt 1.0) §2.1-2.2, §3; the drafts 0.93-0.97 differ in what is encoded and must be listed.
"""
from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from carriers.model import Files, Finding
from checks.digest_list import MAX_LINES, SHOWN
from checks.form import Bag, DigestLine, FormList, FormUnreadable, Lines, Scope, SubmittedForm, sha256_of
from checks.names import is_litter, relative
from checks.normalise import DIGEST_DIGITS, algorithm_named

DECLARATION = "bagit.txt"
_VERSION = re.compile(r"BagIt-Version:[ \t]*(\d{1,3})\.(\d{1,3})")
_ENCODING = re.compile(r"Tag-File-Character-Encoding:[ \t]*([A-Za-z0-9._-]{1,32})")
_MANIFEST = re.compile(r"(tag)?manifest-([A-Za-z0-9_-]{1,16})\.txt", re.IGNORECASE)
_LINE = re.compile(r"([0-9A-Fa-f]+)[ \t]+\*?(\S|\S.*\S)[ \t]*")
_OXUM = re.compile(r"(\d{1,19})\.(\d{1,19})")
# The encodings of tag files that a unit's tools write; a codec is never chosen by a word from a carrier alone.
_CODECS = {"utf-8": "utf-8-sig", "utf8": "utf-8-sig", "utf-16": "utf-16", "utf-16le": "utf-16-le", "us-ascii": "ascii",
           "ascii": "ascii", "iso-8859-1": "latin-1", "gb18030": "gb18030", "gbk": "gb18030", "gb2312": "gb18030"}
_EXAMPLES = 3

Content = Callable[[str], bytes | None]


class BagForm(NamedTuple):
    """What a bag is as a reference: its lists with their lines (in one order), and what is wrong with it."""

    bag: Bag
    lists: list[tuple[FormList, Lines]]
    fields: Mapping[str, str]
    findings: list[Finding]


def is_tag_file(name: str) -> bool:
    """Whether a file at the top of a bag belongs to the bag itself."""
    return name.lower() in (DECLARATION, "bag-info.txt", "fetch.txt") or _MANIFEST.fullmatch(name) is not None


def read_bag(directory: str, names: Iterable[str], content: Content) -> BagForm:
    """Read a bag.

    Args:    directory: where it lies, "" = at the root. names: of the files at its top.
             content: path → bytes, None = cannot be had.
    Returns: findings `form-line-malformed`, `form-digest-length`, `form-line-conflict`, `manifests-differ`,
             `check-not-run` (a manifest that cannot be read, or of an algorithm that we do not compute).
    Raises:  FormUnreadable: bag-declaration (not a bag of a version and encoding that we read), bag-fetch (part of its
             content is elsewhere), bag-no-manifest, form-bomb.
    """
    prefix = directory + "/" if directory else ""
    found = {name.lower(): prefix + name for name in names if is_tag_file(name)}
    where = found.get(DECLARATION, prefix + DECLARATION)
    version, codec = _declaration(where, content(where) or b"")
    texts = {name: _Text(path, content(path), codec) for name, path in sorted(found.items())}
    if (fetch := texts.get("fetch.txt")) and (fetch.raw is None or fetch.text is None or fetch.text.strip()):
        raise FormUnreadable("form-bag-fetch", file=fetch.path)
    info = texts.get("bag-info.txt")
    fields = _fields(info.text or "") if info else {}
    oxum = _OXUM.fullmatch(fields.get("payload-oxum", ""))
    form = BagForm(Bag(directory, int(oxum[1]) if oxum else None, int(oxum[2]) if oxum else None), [], fields, [])
    if "payload-oxum" in fields and not oxum:
        form.findings.append(Finding("form-line-malformed", "", facts={
            "line": 0, "list": info.path if info else "", "content": fields["payload-oxum"][:SHOWN],
            "reason": "payload-oxum"}))
    payload: dict[str, set[str]] = {}                          # manifest → the names that it lists
    total = 0
    for name, text in texts.items():
        lines, match = Lines(), _MANIFEST.fullmatch(name)
        if match:
            lines = _manifest(text, match, version, form.findings)
            total += len(lines)
            if total > MAX_LINES:
                raise FormUnreadable("form-bomb", file=text.path, limit=MAX_LINES)
            if not match[1] and (lines or not text.text):
                payload[text.path] = set(lines.paths)
        if text.raw is not None:
            listed = FormList(text.path, sha256_of(text.raw), "bag", len(lines), text.raw)
            form.lists.append((listed, lines))
    if not any((match := _MANIFEST.fullmatch(name)) and not match[1] for name in texts):
        raise FormUnreadable("form-bag-no-manifest", file=where)
    if version >= (1, 0):
        form.findings.extend(_unlike(payload))
    return form


class _Text:
    """A tag file; text is None where its bytes could not be had, or are none of its encoding."""

    def __init__(self, path: str, raw: bytes | None, codec: str) -> None:
        self.path, self.raw = path, raw
        self.text: str | None = None
        if raw is not None:
            try:
                self.text = raw.decode(codec)
            except UnicodeDecodeError:
                self.text = None


def _declaration(path: str, raw: bytes) -> tuple[tuple[int, int], str]:
    """Version and codec of a bag. Source: RFC 8493 §2.1.1."""
    lines = [*raw[:4096].decode("utf-8-sig", "replace").splitlines(), "", ""]
    version, encoding = _VERSION.fullmatch(lines[0].strip()), _ENCODING.fullmatch(lines[1].strip())
    codec = _CODECS.get(encoding[1].lower(), "") if encoding else ""
    if not version or not codec or not (0, 93) <= (int(version[1]), int(version[2])) <= (1, 0):
        raise FormUnreadable("form-bag-declaration", file=path, content=" | ".join(lines[:2])[:SHOWN])
    return (int(version[1]), int(version[2])), codec


def _fields(text: str) -> dict[str, str]:
    """`Label: value` lines, labels in lower case; a line that begins with a blank goes on the one before."""
    fields: dict[str, str] = {}
    last = ""
    for line in text.splitlines()[:10_000]:
        label, colon, value = line.partition(":")
        if line[:1] in (" ", "\t") and last:
            fields[last] += " " + line.strip()
        elif colon:
            last = label.strip().lower()
            fields.setdefault(last, value.strip())
    return fields


def _manifest(text: _Text, match: re.Match[str], version: tuple[int, int], findings: list[Finding]) -> Lines:
    """The lines of one manifest. Source: RFC 8493 §2.1.3, §2.2.1."""
    algorithm = algorithm_named(match[2])
    why = "unreadable" if text.raw is None else "undecodable" if text.text is None else \
        "" if algorithm else "algorithm"
    lines = Lines()
    if why:
        findings.append(not_followed(text.path, why))
        return lines
    seen: dict[str, tuple[int, str]] = {}
    for line_no, line in enumerate(re.split(r"\r\n|\n|\r", text.text or ""), 1):
        if not line or line.isspace():
            continue
        if line_no > MAX_LINES:
            raise FormUnreadable("form-bomb", file=text.path, limit=MAX_LINES)
        kept, facts = _line(line_no, line, algorithm, (bool(match[1]), version))
        if not kept.defect:
            index, digest = seen.setdefault(kept.path, (len(lines), kept.digest))
            if digest != kept.digest:
                kept = kept._replace(defect="form-line-conflict")
                lines.defects[index] = "form-line-conflict"
                facts = {"lines": f"{lines.line_nos[index]},{line_no}", "count": 2, "package_no": ""}
        if kept.defect:
            findings.append(Finding(kept.defect, kept.path, facts={**facts, "list": text.path}))
        lines.append(kept)
    return lines


def _line(line_no: int, line: str, algorithm: str, of: tuple[bool, tuple[int, int]]
          ) -> tuple[DigestLine, dict[str, str | int]]:
    """One line of a manifest (of: whether it is of tag files, the version), and the facts of its defect."""
    match, (of_tags, version) = _LINE.fullmatch(line), of
    path = _decoded(match[2], version) if match else ""
    inside = relative(path)
    if not match or len(path) > 32_767 or "\0" in path or (not of_tags and inside[:5] != "data/" and ".." not in path):
        return (DigestLine(line_no, "", path, Scope.FILE, algorithm, "", "", "form-line-malformed"),
                {"line": line_no, "content": line.strip()[:SHOWN], "reason": "layout"})
    if len(match[1]) != DIGEST_DIGITS[algorithm]:
        return (DigestLine(line_no, "", path, Scope.FILE, algorithm, "", "", "form-digest-length"),
                {"line": line_no, "length": len(match[1]), "content": line.strip()[:SHOWN], "reason": ""})
    return DigestLine(line_no, "", path, Scope.FILE, algorithm, match[1].lower(), "", ""), {}


def _decoded(path: str, version: tuple[int, int]) -> str:
    """A name without its percent-encoding: CR, LF and, since 1.0, the percent sign itself; nothing else."""
    codes = "0[AaDd]|25" if version >= (1, 0) else "0[AaDd]"
    return re.sub(f"%({codes})", lambda match: chr(int(match[1], 16)), path)


def _unlike(payload: Mapping[str, set[str]]) -> Iterable[Finding]:
    """Manifests that do not list the same files, as 1.0 demands (§2.1.3)."""
    every = set().union(*payload.values())
    for path, names in payload.items():
        if missing := every - names:
            yield Finding("manifests-differ", path, facts={
                "count": len(missing), "examples": "; ".join(sorted(missing)[:_EXAMPLES])})


def payload_findings(form: SubmittedForm, targets: Mapping[int, int], files: Files) -> Iterable[Finding]:
    """Payload-Oxum against what lies in the payload directory, litter with or without.

    targets: line → file, of the lines that are bound to one; they tell where the payload lies.
    """
    for bag in form.bags:
        if bag.octets is None or bag.streams is None:
            continue
        manifests = {each.path for each in form.lists if each.path.rpartition("/")[0] == bag.directory}
        inside = _payload(form.lines, targets, manifests, files)
        numbers = [n for n, path in enumerate(files.paths) if inside is not None and path.startswith(inside)]
        content = [n for n in numbers if not is_litter(files.paths[n])]
        facts = {"bag": bag.directory or "bagit.txt", "reason": "payload-oxum"}
        if bag.streams not in (len(numbers), len(content)):
            yield Finding("form-count-differs", bag.directory, facts={
                **facts, "what": "files", "declared": bag.streams, "actual": len(content)})
        if bag.octets not in (sum(files.sizes[n] for n in numbers), sum(files.sizes[n] for n in content)):
            yield Finding("form-size-differs", bag.directory, facts={
                **facts, "line": 0, "declared": f"{bag.octets}B", "actual": sum(files.sizes[n] for n in content)})


def _payload(lines: Lines, targets: Mapping[int, int], manifests: set[str], files: Files) -> str | None:
    """What the paths of the payload begin with on the carrier; None where no file of it was found."""
    for name, indices in lines.by_list():
        for index in indices if name in manifests else ():
            listed, file_no = relative(lines.paths[index]).split("/"), targets.get(index, -1)
            if 0 <= file_no < len(files) and listed[0] == "data":
                found = files.paths[file_no].split("/")
                above = found[:max(0, len(found) - len(listed) + 1)]
                return "".join(f"{directory}/" for directory in above)
    return None


def not_followed(path: str, why: str) -> Finding:
    """A list that was not followed: none of what it lists was compared with it. why: a word of the catalogue."""
    return Finding("check-not-run", path, facts={"check": "accuracy", "reason": "list", "why": why})
