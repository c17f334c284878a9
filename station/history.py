"""What the register knows of a carrier that lies here: read before, accepted before, a copy of another, another unit's.

Takes the register's lines and what is known of the carrier so far, gives findings `carrier-known`,
`carrier-of-another-unit`, `set-copies-differ`, and what of its content was accepted already. Asked twice: before the
pass, so that the operator hears of it while nothing is spent yet, and after it, when the content is known. Relies on
the register as the only truth; lines that cannot matter are passed over unparsed. Source: domain §3.5, §10.4, §10.5.
"""
from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

from carriers.model import CarrierId, CarrierKind, Finding
from checks.fixity import ReadState
from checks.names import is_generic_label, nfc
from checks.spoken import number_key, same_number, set_of, without_set
from checks.verdict import Outcome, Verdict
from station.home import Home, RegisterError
from station.journal import read_journal, read_list, read_list_texts
from station.reading import Reading
from station.register import Station

FILES_COMPARED = 2_000_000          # rows of earlier lists of files that are looked through after one pass
_EXAMPLES = 3
_IN_STORE, _OUT_OF_STORE = frozenset({"stored", "sealed", "moved"}), frozenset({"unsealed", "returned"})
_RECOGNISED_BY = ("serial", "source", "number", "label", "content")     # strongest first
_UPPER = bytes(range(256)).upper()
_SEPARATORS = b"-_. \t"
_SHA256 = re.compile(r'"sha256":"([0-9a-f]{64})"')
_OF_FONDS = re.compile(r"([A-Z]?\d{3,4})-(?:19|20)\d\d-.*\d.*")         # {fonds_no}-{year}-…, as `number_key` writes it


@dataclass(frozen=True, slots=True)
class Asked:
    """The carrier that lies here. own: the intakes that are this reading. form_sha256, fonds, stamp, number: "" = none.

    stamp: of the very file or folder that is read, as JSON; of a drive it tells nothing and is "". content,
    content_only: `content_sha256` with and without paths, "" before the pass and where a file is incomplete.
    """

    identity: CarrierId
    number: str
    batch: str
    form_sha256: str
    fonds: str
    own: frozenset[str]
    stamp: str = ""
    content: str = ""
    content_only: str = ""

    @property
    def label(self) -> str:
        """What the carrier itself says that it is; a folder's name is nobody's label."""
        label = self.identity.volume_label
        return "" if self.identity.kind is CarrierKind.FOLDER or is_generic_label(label) else label


@dataclass(frozen=True, slots=True)
class Piece:
    """An earlier reading. standing: read (not decided), accepted, returned. when: that day, or the day it was read.

    place: where the register says that it is in store, "-" = it does not say where, "" = not in store.
    """

    line: Mapping[str, Any]
    batch: str
    fonds: str
    unit: str
    standing: str = "read"
    certificate: str = ""
    when: str = ""
    place: str = ""

    @property
    def number(self) -> str:
        return str(self.line["carrier_no"])


class Recalled(NamedTuple):
    """fonds: of the carrier that lies here. pieces: earlier readings that stand, oldest first. units: fonds → name."""

    fonds: str
    pieces: list[Piece]
    units: Mapping[str, str]


class History(NamedTuple):
    """What is said after the pass. repeated: files and bytes whose content the unit has brought before."""

    findings: tuple[Finding, ...]
    repeated_files: int
    repeated_bytes: int


def before(station: Station, asked: Asked) -> list[Finding]:
    """What can be said before the pass; the content may still tell otherwise. Raises: RegisterError."""
    recalled = recall(station, asked)
    known = _known(station.home, asked, recalled)
    found = _another_unit(asked, recalled)
    for by, piece in known:
        found.append(_finding(by, piece, {"reason": "met"}))
        found += _in_store(by, piece)
    return found + _alike(asked, recalled, known)


def after(station: Station, asked: Asked, reading: Reading) -> History:
    """What is said of a carrier that was read. Raises: RegisterError."""
    recalled = recall(station, asked, whole_unit=True)
    known = _known(station.home, asked, recalled)
    found = _another_unit(asked, recalled)
    for by, piece in known:
        found.append(_finding(by, piece, _case(station.home, asked, piece, reading)))
        found += _in_store(by, piece)
    found += _copies_differ(station.home, asked, recalled, reading)
    found += _alike(asked, recalled, known)
    return History(tuple(found), *_repeated(station.home, asked, recalled, reading))


def unsaid(station: Station, batch: str, verdicts: Sequence[Verdict]) -> Iterator[tuple[str, dict[str, str]]]:
    """What no verdict of a batch could say: two drives ended at the same moment, or the batch was opened afterwards.

    Yields: a key of `phrases.toml` with its facts.
    """
    said = {v.intake: {j.code for j in v.findings} for v in verdicts}
    whole = [v for v in verdicts if v.carrier.number and v.outcome is not Outcome.FAILED and v.counts.bytes]
    for earlier, later in combinations(whole, 2):
        numbers, digests = (earlier.carrier.number, later.carrier.number), (earlier.digests, later.digests)
        same = digests[0].content_only_sha256 is not None \
            and digests[0].content_only_sha256 == digests[1].content_only_sha256
        copies = without_set(numbers[0]) == without_set(numbers[1]) and number_key(numbers[0]) != number_key(numbers[1])
        differ = digests[0].content_sha256 != digests[1].content_sha256 \
            if earlier.carrier.kind == later.carrier.kind else not same
        what, code = ("open-copies-differ", "set-copies-differ") if copies and differ and all(
            d.content_only_sha256 for d in digests) else ("open-same-content", "carrier-known") \
            if same and without_set(numbers[0]) != without_set(numbers[1]) else ("", "")
        if what and code not in said[earlier.intake] | said[later.intake]:
            yield what, {"carrier": numbers[0], "other": numbers[1], "intake": later.intake}
    for verdict in verdicts:
        if not verdict.batch and not said[verdict.intake] & {"carrier-known", "carrier-of-another-unit"}:
            asked = _asked_of(verdict, batch)
            recalled = recall(station, asked)
            if _another_unit(asked, recalled) or _known(station.home, asked, recalled):
                yield "open-known", {"carrier": verdict.carrier.number or "-", "intake": verdict.intake}


def _asked_of(verdict: Verdict, batch: str) -> Asked:
    facts, digests = verdict.carrier, verdict.digests
    identity = CarrierId(CarrierKind(facts.kind), facts.medium, facts.volume_label, facts.serial, facts.capacity_bytes,
                         facts.fingerprint, facts.sessions)
    return Asked(identity, facts.number, batch, verdict.reference.form_sha256, "", frozenset((verdict.intake,)), "",
                 digests.content_sha256 or "", digests.content_only_sha256 or "")


# --- folding -----------------------------------------------------------------------------------------------------

def recall(station: Station, asked: Asked, whole_unit: bool = False) -> Recalled:
    """The earlier readings that may be this carrier, its copies or of its content; all of its unit if so asked.

    Left out: readings of no batch (nobody has accepted them), those that a later comparison or two people's `recheck`
    replaced, periodic re-checks (they are of a carrier that is here already), and returned carriers: they may come
    again.
    """
    batches: dict[str, tuple[str, str, str]] = {}             # SHA-256 of a form → batch, fonds, unit
    units: dict[str, str] = {}
    fonds = asked.fonds
    for line in station.register.lines_where(lambda raw: True, "batch"):
        fields = line["fields"]
        batches[line["form_sha256"]] = (line["batch"], fields.get("fonds_no", ""), fields.get("unit_name", ""))
        units[number_key(fields.get("fonds_no", ""))] = fields.get("unit_name", "")
        if asked.batch and line["batch"] == asked.batch:
            fonds = fields.get("fonds_no", "") or fonds
    forms = frozenset(f.encode() for f, of in batches.items() if whole_unit and of[1] == fonds)
    lines = list(station.register.lines_where(_sought(asked, forms), "verdict"))
    gone = {line["replaces"] for line in lines} | asked.own
    pieces = [Piece(line, *batches[line["form_sha256"]], when=_day(line["at"])) for line in lines
              if line["intake"] not in gone and not line.get("recheck_of") and line["form_sha256"] in batches]
    standing = _with_standing(station, pieces)
    return Recalled(fonds, [p for p in standing if p.standing not in ("returned", "set-aside")], units)


def _sought(asked: Asked, forms: frozenset[bytes]) -> Callable[[bytes], bool]:
    """Whether the raw line of a verdict may matter; told without parsing it."""
    values = {"serial": asked.identity.serial, "fingerprint": asked.identity.fingerprint,
              "content_sha256": asked.content, "content_only_sha256": asked.content_only}
    exact = tuple(_pair(key, value) for key, value in values.items() if value)
    stems = {without_set(text) for text in (asked.number, asked.label)} - {""}
    plain = tuple(stem.replace("-", "").encode() for stem in stems)

    def wanted(raw: bytes) -> bool:
        for mark in exact:
            if mark in raw:
                return True
        if forms and _value(raw, b'"form_sha256":"') in forms:
            return True
        number = _value(raw, b'"carrier_no":"')
        if b"\\" in number or not number.isascii():
            return b"\\" in number or without_set(number.decode("utf-8", "replace")) in stems
        return bool(plain) and number.translate(_UPPER, _SEPARATORS).startswith(plain)
    return wanted


def _pair(key: str, value: str) -> bytes:
    return f'"{key}":{json.dumps(value, ensure_ascii=False)}'.encode("utf-8", "backslashreplace")


def _value(raw: bytes, mark: bytes) -> bytes:
    at = raw.find(mark)
    if at < 0:
        return b""
    begin = at + len(mark)
    return raw[begin:raw.find(b'"', begin)]


def _with_standing(station: Station, pieces: Sequence[Piece]) -> list[Piece]:
    """The pieces with what was decided of them, and where they are kept."""
    if not pieces:
        return []
    standing = {str(piece.line["intake"]): piece for piece in pieces}
    about = {piece.batch.encode() for piece in pieces} | {number.encode() for number in standing}
    for line in station.register.lines_where(lambda raw: not about.isdisjoint(
            (_value(raw, b'"batch":"'), _value(raw, b'"intake":"'))), "decision", "resolution", "event"):
        if line["type"] == "event":
            _act(standing, line)
            continue
        for intake in line["intakes"] if line["type"] == "decision" else [line["intake"]]:
            piece = standing.get(intake)
            if piece is None or piece.standing == "accepted":
                continue
            if line["type"] == "decision":
                how = "returned" if piece.number in line["returned"] else "accepted"
                standing[intake] = replace(piece, standing=how, certificate=line["number"], when=_day(line["at"]))
            elif line["answer"] == "recheck":
                standing[intake] = replace(piece, standing="set-aside")
    return list(standing.values())


def _act(standing: dict[str, Piece], line: Mapping[str, Any]) -> None:
    """One act of custody on the pieces that it is about."""
    about, event = str(line.get("carrier_no", "")), line.get("event")
    for intake, piece in standing.items():
        if line.get("batch") != piece.batch or (about and number_key(about) != number_key(piece.number)):
            continue
        if event in _IN_STORE and (event != "moved" or piece.place):
            standing[intake] = replace(piece, place=str(line.get("place") or piece.place or "-"))
        elif event in _OUT_OF_STORE:
            standing[intake] = replace(piece, place="")
        elif event == "return" and piece.standing == "read" and piece.line["seq"] < line["seq"]:
            standing[intake] = replace(piece, standing="returned")


def _day(at: str) -> str:
    """The local day of a UTC time, as people say it."""
    return datetime.fromisoformat(at).astimezone().date().isoformat()


# --- recognising -------------------------------------------------------------------------------------------------

def _known(home: Home, asked: Asked, recalled: Recalled) -> list[tuple[str, Piece]]:
    """The earlier readings that this carrier is recognised by, the newest for each way, strongest way first."""
    found: dict[str, Piece] = {}
    for piece in recalled.pieces:
        by = _recognised(home, asked, piece, recalled.fonds)
        if by and (by not in found or (found[by].standing == "accepted") <= (piece.standing == "accepted")):
            found[by] = piece
    return [(by, found[by]) for by in _RECOGNISED_BY if by in found]


def _recognised(home: Home, asked: Asked, piece: Piece, fonds: str) -> str:
    """By what this carrier is the one of an earlier reading: one of `_RECOGNISED_BY`, "" = it is not.

    Copies of one set are not recognised by content. A second reading of a carrier that nobody has decided yet is the
    same case, and an attempt after a return is not asked about (the returned one is left out).
    """
    line = piece.line
    same = same_number(asked.number, piece.number) or not (asked.number and piece.number)
    if piece.standing == "read" and same and _same_case(asked, piece):
        return ""
    if asked.identity.serial and line["serial"] == asked.identity.serial:
        return "serial"
    alike = line["fingerprint"] == asked.identity.fingerprint
    if asked.stamp and alike and asked.stamp == stamp_of(home, line["intake"], line["source"]):
        return "source"
    if asked.number and same_number(asked.number, piece.number) and _same_numbering(asked.number, piece, fonds):
        return "number"
    label = asked.label
    if label and not same_number(label, asked.number) and same_number(label, piece.number) \
            and _same_numbering(label, piece, fonds):
        return "label"
    if _same_content(asked, line) and not _is_copy(asked, piece, fonds):
        return "content"
    return ""


def _same_case(asked: Asked, piece: Piece) -> bool:
    return piece.batch == asked.batch if asked.batch else piece.line["form_sha256"] == asked.form_sha256


def _same_numbering(number: str, piece: Piece, fonds: str) -> bool:
    """Whether a number means the same for both: units that count G001, G002 … mean their own."""
    return piece.fonds == fonds or _fonds_in(number) == number_key(piece.fonds) != ""


def _is_copy(asked: Asked, piece: Piece, fonds: str) -> bool:
    """Whether an earlier reading is of another copy (A/B/C) of this carrier: same number but for the set letter.

    A number without its fonds and year begins anew with every batch and is one carrier in its batch only.
    """
    letters = set_of(asked.number), set_of(piece.number)
    return (all(letters) and letters[0] != letters[1] and without_set(asked.number) == without_set(piece.number)
            and (_same_case(asked, piece) or (_fonds_in(asked.number) != "" and piece.fonds == fonds)))


def _same_content(asked: Asked, line: Mapping[str, Any]) -> bool:
    """Whether the content is the same, under whatever names; nothing is not the same as nothing."""
    return bool(line["bytes"]) and (bool(asked.content) and line["content_sha256"] == asked.content
                                    or bool(asked.content_only)
                                    and line.get("content_only_sha256") == asked.content_only)


def stamp_of(home: Home, intake: str, source: str) -> str:
    """The stamp of the file or folder that an intake (or the one that it compared again) read; "" of a drive."""
    if source.startswith("/dev/") or Path(source).is_block_device():
        return ""
    for _ in range(100):                                        # of comparisons with later forms, one after another
        first = next(read_journal(home.intakes / intake / "journal.jsonl"), {})
        if "recompare_of" not in first:
            return json.dumps(first.get("stamp", "")) if first.get("stamp") else ""
        intake = str(first["recompare_of"])
    return ""


def _fonds_in(number: str) -> str:
    """The fonds that a number begins with ({fonds_no}-{year}-…, domain §5.3), "" = it does not say."""
    match = _OF_FONDS.fullmatch(number_key(number))
    return match[1] if match else ""


# --- what is said ------------------------------------------------------------------------------------------------

def _finding(by: str, piece: Piece, case: Mapping[str, str | int]) -> Finding:
    return Finding("carrier-known", facts={
        "known_by": by, "number": piece.number or "-", "intake": piece.line["intake"], "batch": piece.batch,
        "unit": piece.unit or "-", "certificate": piece.certificate or "-", "standing": piece.standing,
        "when": piece.when, **case})


def _in_store(by: str, piece: Piece) -> list[Finding]:
    return [_finding(by, piece, {"reason": "in-store", "where": piece.place})] if piece.place else []


def _case(home: Home, asked: Asked, piece: Piece, reading: Reading) -> dict[str, str | int]:
    """Which of the cases of domain §10.5: the same content, an increment, or other content."""
    if _same_content(asked, piece.line):
        return {"reason": "same-content"}
    files, size = _sums(reading, _shared(home, [piece], reading))
    if not files:
        return {"reason": "new-content"}
    return {"reason": "increment", "files": files, "bytes": size, "new_files": _complete(reading) - files}


def _another_unit(asked: Asked, recalled: Recalled) -> list[Finding]:
    """`carrier-of-another-unit`: the number or label names another fonds, or the piece is known as another's."""
    mine = number_key(recalled.fonds)
    if not mine:
        return []
    said = [(by, text, _fonds_in(text)) for by, text in (("label", asked.label), ("number", asked.number))
            if not number_key(text).startswith(f"{mine}-")]
    said += [("serial", asked.identity.serial, number_key(piece.fonds)) for piece in recalled.pieces
             if asked.identity.serial and piece.line["serial"] == asked.identity.serial]
    for by, text, fonds in said:
        if fonds not in ("", mine):
            return [Finding("carrier-of-another-unit", facts={
                "known_by": by, "label": text, "fonds": fonds, "unit": recalled.units.get(fonds, "") or "-",
                "own": recalled.fonds})]
    return []


def _alike(asked: Asked, recalled: Recalled, known: Sequence[tuple[str, Piece]]) -> list[Finding]:
    """The note that another carrier looks the same block for block; copies from one master do, and one disc twice.

    Not where it is known by something that says more.
    """
    if asked.identity.kind is CarrierKind.FOLDER or not asked.identity.fingerprint:
        return []
    said = {piece.line["intake"] for _, piece in known}
    twins = [p for p in recalled.pieces if p.line["fingerprint"] == asked.identity.fingerprint and asked.number
             and p.number and not same_number(asked.number, p.number) and p.line["intake"] not in said]
    return [_finding("fingerprint", twins[-1], {"reason": "alike", "place": "alike"})] if twins else []


def _copies_differ(home: Home, asked: Asked, recalled: Recalled, reading: Reading) -> list[Finding]:
    """`set-copies-differ` against the newest reading of every other copy that has not failed itself.

    On one kind of carrier the names count too; a disc and a tape need only hold the same content (domain §10.4).
    """
    copies = {number_key(piece.number): piece for piece in recalled.pieces
              if _is_copy(asked, piece, recalled.fonds) and piece.line["outcome"] != Outcome.FAILED}
    found = []
    for piece in copies.values():
        key, mine = ("content_sha256", asked.content) if piece.line["kind"] == asked.identity.kind \
            else ("content_only_sha256", asked.content_only)
        theirs = piece.line.get(key)
        if mine and theirs and mine != theirs:
            same = piece.line.get("content_only_sha256") == asked.content_only
            found.append(Finding("set-copies-differ", facts={
                "reason": "names" if same else "content", "number": asked.number, "other": piece.number,
                "intake": piece.line["intake"], "when": piece.when, **_differences(home, piece, reading)}))
    return found


def _differences(home: Home, piece: Piece, reading: Reading) -> dict[str, str | int]:
    """How many files of two copies are not the same, with a few of their names."""
    files = reading.structure.files
    numbers = {nfc(path): n for n, path in enumerate(files.paths)} if files is not None else {}
    differing: list[str] = []
    try:
        for row in read_list(home.intakes / piece.line["intake"] / "files.jsonl.zst"):
            path = nfc(row["path"])
            file_no = numbers.pop(path, None)
            if file_no is None or reading.fixities.digest(file_no, "sha256").hex() != row.get("sha256"):
                differing.append(path)
    except RegisterError:                                      # the audit says so; here it costs the examples only
        return {"count": 0, "examples": "-"}
    differing += numbers
    return {"count": len(differing), "examples": "; ".join(differing[:_EXAMPLES])}


# --- content that was brought before -----------------------------------------------------------------------------

def _repeated(home: Home, asked: Asked, recalled: Recalled, reading: Reading) -> tuple[int, int]:
    """Files and bytes of this carrier that the unit has brought before: not new in the statistics (domain §10.5).

    At most `FILES_COMPARED` files of the newest carriers are looked through; what lies further back counts as new.
    """
    pieces = [p for p in recalled.pieces if p.fonds == recalled.fonds and p.line["outcome"] != Outcome.FAILED
              and not (_same_case(asked, p) and (number_key(asked.number) == number_key(p.number)))]
    if any(_same_content(asked, p.line) for p in pieces):
        return _sums(reading, None)
    return _sums(reading, _shared(home, pieces, reading))


def _shared(home: Home, pieces: Iterable[Piece], reading: Reading) -> set[bytes]:
    """The SHA-256 of files of this reading that stand in the lists of earlier ones too, the newest looked at first."""
    mine = {reading.fixities.digest(n, "sha256") for n in _files(reading)}
    shared, left = set[bytes](), FILES_COMPARED
    for piece in sorted(pieces, key=lambda p: p.line["seq"], reverse=True):
        left -= int(piece.line["files"])
        if left < 0 or len(shared) == len(mine):
            break
        try:
            for text in read_list_texts(home.intakes / piece.line["intake"] / "files.jsonl.zst"):
                shared |= mine.intersection(map(bytes.fromhex, _SHA256.findall(text)))
        except RegisterError:                                  # a list that is gone: its content counts as new
            continue
    return shared


def _sums(reading: Reading, shared: set[bytes] | None) -> tuple[int, int]:
    """How many files with how many bytes have one of these digests; None: all that were read whole."""
    sizes = reading.structure.files.sizes if reading.structure.files is not None else ()
    chosen = [sizes[n] for n in _files(reading) if shared is None or reading.fixities.digest(n, "sha256") in shared]
    return len(chosen), sum(chosen)


def _complete(reading: Reading) -> int:
    return sum(1 for _ in _files(reading))


def _files(reading: Reading) -> Iterator[int]:
    """The files that are not empty and were read whole."""
    files, states = reading.structure.files, reading.fixities.states
    return (n for n, size in enumerate(files.sizes) if size and states[n] == ReadState.COMPLETE) \
        if files is not None else iter(())
