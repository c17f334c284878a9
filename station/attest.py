"""认证: was this very content ever accepted here — by whom, when, under which 检验表? And is this paper one of ours?

Takes a file, an image, or the text of a paper's 2-D code; gives what the records prove. Relies on the index for
candidates only: each is proven by its file list, whose hash stands in the register's chain.
"""
from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from carriers import open_carrier
from carriers.model import Refused
from carriers.plan import make_plan
from checks.bind import Choice, bind
from checks.compare import content_sha256
from checks.hashers import Hashers
from checks.judge import final_outcome
from checks.onepass import one_pass
from labels.attestation import Match
from labels.code import DIGITS, PaperCode, content_of, parsed
from labels.sentences import final_readings
from station.batch import UsageError
from station.home import RegisterError, file_sha256
from station.index import Candidate, candidates
from station.intake import digests_for
from station.journal import read_list_texts
from station.papers import load_decision
from station.register import Register, Station

SHOWN = 20                         # places of one content that are proven and named; the others are counted


@dataclass(frozen=True, slots=True)
class Answer:
    """What is known of a content. sha256: of the file, "" for a folder. content_sha256: of the files on an image or in
    a folder, "" = it is none. matches: proven, at most 20 of `count`. lines, head: the register when it was asked."""

    name: str
    size_bytes: int
    sha256: str
    content_sha256: str
    matches: tuple[Match, ...]
    count: int
    lines: int
    head: str


def attest(station: Station, path: Path) -> Answer:
    """Look a file, image or folder up among everything that was accepted.

    Raises: Refused("source-missing"); UsageError("attest-empty"); RegisterError("journal-altered" …) where the records
    that should prove it do not agree with the register.
    """
    if not path.exists():
        raise Refused("source-missing", source=str(path))
    size = path.stat().st_size if path.is_file() else 0
    if path.is_file() and not size:
        raise UsageError("attest-empty", file=str(path))
    lines, head = station.register.position()
    sha256 = file_sha256(path) if path.is_file() else ""
    content = _content(path)
    found = [(candidate, "content", content) for candidate in
             (candidates(station.home, content_sha256=content) if content else ())]
    found += [(candidate, "file", sha256) for candidate in
              (candidates(station.home, file_sha256=sha256) if sha256 else ())]
    matches: list[Match] = []
    count = len(found)
    for candidate, scope, digest in found[:SHOWN]:
        match = _proven(station, candidate, scope, digest)
        if match is None:                                      # 64 equal bits, and another content
            count -= 1
        else:
            matches.append(match)
    return Answer(path.name, size, sha256, content, tuple(matches), count, lines, head)


def _content(path: Path) -> str:
    """content_sha256 of an image or folder; "" where it is neither, or a file of it cannot be read whole."""
    try:
        carrier = open_carrier(path)
    except Refused:
        return ""
    with Hashers() as hashers, closing(carrier):
        structure, _ = carrier.structure()
        if not structure.files:
            return ""
        binding = bind(None, carrier.identify(), structure, Choice())
        plan = make_plan(structure, binding.joined)
        hashers.use(("sha256",))
        digests = digests_for(hashers, structure, plan, binding)
        one_pass(carrier.read(plan.reads_from(0)), (digests,), lambda _: None)
        return content_sha256(structure, digests.finish()) or ""


def _proven(station: Station, candidate: Candidate, scope: str, digest: str) -> Match | None:
    """The candidate as the register and its file list prove it; None where the list has no such digest.

    Raises: RegisterError("journal-altered").
    """
    register = Register(station.home, candidate.station)
    at = Station(station.config, station.home, register)
    verdict = _only(register.lines_of("verdict", about=(candidate.intake,)), "intake", candidate.intake)
    decision, head = load_decision(at, candidate.certificate)
    files = station.home.intakes / candidate.intake / "files.jsonl.zst"
    if verdict is None or not files.is_file() or file_sha256(files) != verdict["files_sha256"] \
            or candidate.intake not in {v.intake for v in decision.verdicts}:
        raise RegisterError("journal-altered", path=str(files))
    path = ""
    if scope == "file":
        row = _row(files, digest)
        if row is None:
            return None
        path = str(row["path"])
    elif verdict["content_sha256"] != digest:
        raise RegisterError("journal-altered", path=str(register.path))
    return Match(scope, decision.number, decision.form.fields.get("unit_name", ""), verdict["carrier_no"], path,
                 decision.at, candidate.intake, decision.operator, decision.reviewer, head)


def _only(lines: Iterator[dict[str, Any]], key: str, value: str) -> dict[str, Any] | None:
    return next((line for line in lines if line[key] == value), None)


def _row(path: Path, sha256: str) -> dict[str, Any] | None:
    """The first row of a file list with this digest."""
    wanted = f'"sha256":"{sha256}"'
    for text in read_list_texts(path):
        if wanted in text:
            row: dict[str, Any] = json.loads(next(row for row in text.split("\n") if wanted in row))
            return row
    return None


@dataclass(frozen=True, slots=True)
class PaperAnswer:
    """Whether a paper's code agrees with the records. wrong: keys of `phrases.toml`, none = it is ours. facts: of the
    paper on record, for people to compare with the words in their hand."""

    code: PaperCode
    wrong: tuple[str, ...]
    facts: dict[str, str]


def attest_code(station: Station, text: str) -> PaperAnswer:
    """Look the text of a 2-D code up: are this number, this content and these words on record under this line?

    Raises: UsageError("code-malformed"); RegisterError.
    """
    code = parsed(text)
    if code is None:
        raise UsageError("code-malformed", text=text)
    for path in sorted(station.home.register.glob("*.jsonl")):
        at = Station(station.config, station.home, Register(station.home, path.stem))
        for head, line in at.register.hashed_lines_of("decision", "attest", "lock", about=(code.number,)):
            if line.get("number") == code.number:
                return _decided(at, code, head) if line["type"] == "decision" else _sheet(code, head, line)
    return PaperAnswer(code, ("code-number-unknown",), {})


def _decided(station: Station, code: PaperCode, head: str) -> PaperAnswer:
    decision, _ = load_decision(station, code.number)
    final = final_readings(decision)
    outcome, read = str(decision.outcome), list(final)
    if code.carrier:
        read = [v for v in final if v.carrier.number == code.carrier]
        outcome = str(final_outcome(read[0], decision.resolutions)) if read else ""
    checks = {"code-carrier-unknown": not read, "code-head-differs": not code.head or not head.startswith(code.head),
              "code-content-differs": bool(read) and code.content != content_of([v.digests.content_sha256
                                                                                for v in read]),
              "code-outcome-differs": bool(read) and code.outcome != outcome}
    facts = {"number": decision.number, "unit": decision.form.fields.get("unit_name", ""), "at": decision.at,
             "outcome": outcome, "carriers": " ".join(v.carrier.number for v in read),
             "operator": decision.operator, "reviewer": decision.reviewer}
    return PaperAnswer(code, tuple(what for what, is_so in checks.items() if is_so), facts)


def _sheet(code: PaperCode, head: str, line: dict[str, Any]) -> PaperAnswer:
    """A 认证 sheet or a lock page: its line has all its words."""
    known = sheet_code(line, head)
    checks = {"code-head-differs": code.head != known.head, "code-content-differs": code.content != known.content,
              "code-outcome-differs": code.outcome != known.outcome, "code-carrier-unknown": bool(code.carrier)}
    facts = {"number": str(line["number"]), "unit": "", "at": str(line["at"]), "outcome": known.outcome,
             "carriers": "", "operator": "", "reviewer": ""}
    return PaperAnswer(code, tuple(what for what, is_so in checks.items() if is_so), facts)


def sheet_code(line: dict[str, Any], head: str) -> PaperCode:
    """The code of the sheet that an `attest` or `lock` line prints. head: the line's hash."""
    if line["type"] == "attest":
        content = str(line["content_sha256"] or line["sha256"])
        outcome = "found" if line["count"] else "none"
        return PaperCode(str(line["number"]), "", content_of([content]), outcome, head[:DIGITS])
    return PaperCode(str(line["number"]), "", content_of([str(line["head"])]), "lock", head[:DIGITS])
