"""批次: a batch is what the register's lines say of it: opened by a form, verified by verdicts, decided by two people.

Takes register lines, gives a `Batch`; writes the lines `batch`, `resolution` and `decision`. Relies on the register
as the only truth and on the journals for the verdicts in full.
"""
from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from carriers.model import Refused
from checks.form import SubmittedForm
from checks.judge import NEVER_ACCEPTED, final_outcome, open_doubts
from checks.lists import names_of
from checks.normalise import is_classified
from checks.spoken import number_key, row_number
from checks.verdict import CheckResult, FormSummary, Judgement, Outcome, Resolution, Verdict, from_record
from station.appearance import seen
from station.events import Event, events_from, events_of, wanting
from station.history import unsaid
from station.home import RegisterError, file_sha256, kept, write_durably
from station.journal import open_intakes, read_list, set_aside, vouched
from station.numbering import MOST_NUMBERS, open_numbers
from station.register import Register, Station

NEW = "new"                            # in place of the number of the batch that a form corrects: it corrects none
READING_OPEN = "reading-open"          # the doubt by which two people set an interrupted reading aside
ACCEPTED = "accepted"                  # layout of a form that is what was accepted (`station/recheck.py`)
_NAMED = 12                            # carriers that a sentence names
_SAFE = re.compile(r"[^\w.\-]", re.ASCII)


class UsageError(Refused):
    """The command's words cannot be followed: an unknown number, the same person twice, a missing name."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One verdict of the batch as the register has it. replaced: a later comparison of the same reading stands."""

    intake: str
    carrier_no: str
    attempt: int
    outcome: Outcome
    replaced: bool


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch as folded from the register. carriers: numbers that the form expects, () = the form names none.

    forms: SHA-256 of the form that opened it and of every one that corrected it. packages: numbers that the lines of
    the newest form name, () = none, or too many to tell. verdict_lines: intake → its line in the register.
    """

    number: str
    fields: Mapping[str, str]
    form_sha256: str
    form_name: str
    carriers: tuple[str, ...]
    line_count: int
    readings: tuple[Reading, ...]
    resolutions: tuple[Resolution, ...]
    decisions: tuple[Mapping[str, Any], ...]
    prints: tuple[Mapping[str, Any], ...]
    forms: frozenset[str]
    events: tuple[Event, ...] = ()
    packages: tuple[str, ...] = ()
    verdict_lines: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def decided_intakes(self) -> frozenset[str]:
        return frozenset(i for d in self.decisions for i in d["intakes"])

    @property
    def current(self) -> tuple[Reading, ...]:
        """The readings that the next decision is about: not replaced, and no returned carrier's earlier attempt."""
        latest: dict[str, int] = {}
        for reading in self.readings:
            latest[reading.carrier_no] = max(latest.get(reading.carrier_no, 1), reading.attempt)
        return tuple(r for r in self.readings if not r.replaced and r.attempt == latest[r.carrier_no])


def of_form(station: Station, form: SubmittedForm | None) -> str:
    """The number of the batch that this form opened or corrected; of a re-check, that of the carrier; else ""."""
    if form is not None and form.layout == ACCEPTED:
        return form.fields["batch_no"]
    return "" if form is None else _batch_of(station, form.sha256)


def _batch_of(station: Station, form_sha256: str) -> str:
    for line in station.register.lines_of("batch", about=(form_sha256,)):
        if line["form_sha256"] == form_sha256:
            return str(line["batch"])
    return ""


def refuse_classified(station: Station, form: SubmittedForm | None) -> None:
    """Classified carriers are refused before the first block is read; only the refusal is recorded (domain §10.5)."""
    level = form.fields.get("security_level", "") if form is not None else ""
    if form is not None and is_classified(level):
        station.register.append("refusal", {"reason": "R12", "form_sha256": form.sha256})
        raise Refused("classified", level=level)


def open_batch(station: Station, form: SubmittedForm, form_path: Path, given: Mapping[str, str], number: str = ""
               ) -> str:
    """Open the batch of a form, or give its number where it is open; `number`: this form corrects that batch, "new":
    it is another one.

    given: header fields that a plain list has not (fonds_no, unit_name …). Raises: UsageError ("form-like-batch" where
    it speaks of carriers of a batch that is still open: nobody said whether it corrects that one); RegisterError.
    """
    known = of_form(station, form)
    if known:
        return known
    fields = {**form.fields, **{k: v for k, v in given.items() if v}}
    if not number:
        _refuse_like(station, form, fields)
    number = "" if number == NEW else number
    if number:
        fields = {**fold(station, number).fields, **fields}
    elif not fields.get("fonds_no") or not fields.get("unit_name"):
        raise UsageError("batch-needs-header", file=form.file_name)
    fields = {**fields, "year": fields.get("year") or f"{datetime.now(UTC):%Y}"}
    with station.home.locked():                                # two people open two batches at one moment
        chosen = of_form(station, form) or number or _next_number(station, fields)
        kept_name, lists = _keep(station.home.batches / chosen, form, form_path)
        station.register.append("batch", {
            "batch": chosen, "form_sha256": form.sha256, "form_name": form.file_name, "form_file": kept_name,
            **({"lists": lists} if lists else {}),
            "layout": form.layout, "encoding": form.encoding, "fields": fields,
            "carriers": list(dict.fromkeys(row_number(c) for c in form.carriers)), "packages": _packages(form),
            "lines": len(form.lines)})
    return chosen


def _refuse_like(station: Station, form: SubmittedForm, fields: Mapping[str, str]) -> None:
    """Raises: UsageError("form-like-batch"), unless the form itself says by its number that it is of another batch."""
    mine = {row_number(carrier) for carrier in form.carriers} or set(_packages(form))
    like: dict[str, set[str]] = {}
    for line in station.register.lines_of("batch") if mine else ():
        fonds = number_key(line["fields"].get("fonds_no", ""))
        if fields.get("batch_no", "") in ("", line["batch"]) and fonds == number_key(fields.get("fonds_no", "")):
            like[str(line["batch"])] = mine & {*line["carriers"], *line.get("packages", ())}
    for batch in [batch for batch, shared in like.items() if shared]:
        outcomes = [line["outcome"] for line in station.register.lines_of("decision", about=(batch,))
                    if line["batch"] == batch]
        if not outcomes or outcomes[-1] != Outcome.PASSED:
            raise UsageError("form-like-batch", file=form.file_name, batch=batch,
                             carriers="、".join(sorted(like[batch])[:_NAMED]))


def _packages(form: SubmittedForm) -> list[str]:
    """The numbers that the lines of a form name, [] = too many to be told one by one."""
    numbers = dict.fromkeys(map(form.lines.package_no, range(len(form.lines))))
    found = [number for number in numbers if number]
    return found if len(found) <= MOST_NUMBERS else []


def _keep(folder: Path, form: SubmittedForm, form_path: Path) -> tuple[str, dict[str, str]]:
    """Keep the form as received. Returns its name there; of a form of several lists the names and digests of those."""
    name = f"form-{form.sha256[:8]}"
    lists = {f"{name}-{number}": each for number, each in enumerate(form.lists, 1)}
    with kept(folder):
        folder.mkdir(parents=True, exist_ok=True)
        raw = b"" if lists else form_path.read_bytes()
    if lists:
        raw = form.lists[0].content if form.lists[0].sha256 == form.sha256 else names_of(form.lists)
    if hashlib.sha256(raw).hexdigest() != form.sha256:
        raise RegisterError("form-changed", file=form.file_name)
    name += Path(form.file_name).suffix[:8]
    write_durably(folder / name, raw)
    if len(lists) == 1 and form.lists[0].sha256 == form.sha256:
        return name, {}
    for place, each in lists.items():
        write_durably(folder / place, each.content)
    return name, {place: each.sha256 for place, each in lists.items()}


def _next_number(station: Station, fields: Mapping[str, str]) -> str:
    fonds = _SAFE.sub("_", fields["fonds_no"])
    taken = {str(line["batch"]) for path in station.home.register.glob("*.jsonl")      # also of another station here
             for line in Register(station.home, path.stem).lines_of("batch")}
    template = station.config.batch_number
    for seq in range(1, 10_000):
        number = _SAFE.sub("_", fields.get("batch_no", "")).lstrip(".")[:60] if seq == 1 else ""
        number = number or template.format(fonds_no=fonds, year=_SAFE.sub("_", fields["year"]), seq=seq)
        if number not in taken:
            return number
    raise RegisterError("batch-numbers-used-up", fonds=fonds)


def fold(station: Station, number: str) -> Batch:
    """What the register says of a batch.

    Raises: UsageError("batch-unknown"); RegisterError.
    """
    opened = [line for line in station.register.lines_of("batch", about=(number,)) if line["batch"] == number]
    if not opened:
        raise UsageError("batch-unknown", batch=number)
    forms = frozenset(line["form_sha256"] for line in opened)
    lines = station.register.lines_about({*forms, number})
    verdicts = {line["intake"]: line for line in lines if line["type"] == "verdict" and line["form_sha256"] in forms}
    replaced = _replaced(station, lines, verdicts, forms)
    newest = opened[-1]
    return Batch(
        number, newest["fields"], newest["form_sha256"], newest["form_name"], tuple(newest["carriers"]),
        newest["lines"],
        tuple(Reading(v["intake"], v["carrier_no"], v["attempt"], Outcome(v["outcome"]), v["intake"] in replaced)
              for v in verdicts.values()),
        tuple(from_record(Resolution, line) for line in lines if line["type"] == "resolution"
              and (line["intake"] in verdicts or line.get("batch") == number)),
        tuple(line for line in lines if line["type"] == "decision" and line["batch"] == number),
        tuple(line for line in lines if line["type"] == "print" and line["batch"] == number), forms,
        events_from(line for line in lines if line["type"] == "event" and line.get("batch") == number),
        tuple(newest.get("packages", ())), verdicts)


def _replaced(station: Station, lines: Iterable[Mapping[str, Any]], verdicts: Collection[str],
              forms: Collection[str]) -> frozenset[str]:
    """The readings of a batch that a later comparison replaced.

    One with the list of another batch takes the reading along only where that list does not fail it: it was the wrong
    list then. The first verdict stays on record all the same, and its carrier is still to come.
    """
    later = [line for line in lines if line["type"] == "verdict" and line["replaces"] in verdicts]
    return frozenset(str(line["replaces"]) for line in later if line["form_sha256"] in forms or (
        line["outcome"] != Outcome.FAILED and _batch_of(station, line["form_sha256"])))


def attempt_of(batch: Batch, carrier_no: str) -> int:
    """Which attempt a carrier of this number is that comes now: one more than the last that went back."""
    return 1 + max(_returned(batch, carrier_no), default=0)


def _returned(batch: Batch, carrier_no: str) -> Iterator[int]:
    """The attempts of a carrier that went back: by a decision, or at the desk while the batch was open."""
    read = {r.intake: r for r in batch.readings}
    for decision in batch.decisions:
        if carrier_no in decision["returned"]:
            yield from (read[i].attempt for i in decision["intakes"] if i in read and read[i].carrier_no == carrier_no)
    yield from (e.facts["attempt"] for e in batch.events
                if e.event == "return" and e.carrier_no == carrier_no and "attempt" in e.facts and not e.corrected)


def load_verdict(station: Station, intake: str, line: Mapping[str, Any] | None = None) -> Verdict:
    """The verdict of an intake from its journal, checked against its line in the register (looked up if not given).

    Raises: UsageError("intake-unknown"); RegisterError("journal-altered").
    """
    line = line or next((v for v in station.register.lines_of("verdict", about=(intake,)) if v["intake"] == intake),
                        None)
    if line is None:
        raise UsageError("intake-unknown", intake=intake)
    path = station.home.intakes / intake / "journal.jsonl"
    closing = vouched(path, line)
    if closing is None:
        raise RegisterError("journal-altered", path=str(path))
    return from_record(Verdict, closing["verdict"])


def resolve(station: Station, resolution: Resolution, scan: Path | None = None, methods: Sequence[str] = ()) -> None:
    """Record how two people answered a doubt; the verdict stays as it was.

    scan: of the paper it rests on, kept with the records. methods: how the two were known.

    Raises: UsageError: same-person, no such doubt, a reason missing; RegisterError.
    """
    two_people(resolution.by, resolution.confirmed_by)
    if not resolution.reason.strip():
        raise UsageError("reason-missing")
    if resolution.code == READING_OPEN:
        _set_aside(station, resolution, scan, methods)
        return
    if resolution.answer == "accept" and resolution.code in NEVER_ACCEPTED:
        raise UsageError("never-accepted", doubt=resolution.code)
    verdict = load_verdict(station, resolution.intake)
    number = verdict.batch or _batch_of(station, verdict.reference.form_sha256)
    doubts = open_doubts(seen(station.config, events_of(station.register, number) if number else (), verdict), ())
    if not any(j.code == resolution.code and resolution.path in ("", j.path) for j in doubts):
        raise UsageError("no-such-doubt", intake=resolution.intake, doubt=resolution.code,
                         open="; ".join(sorted({j.code for j in doubts})))
    line = {**_resolution_line(resolution), "methods": list(methods)}
    station.register.append("resolution", line | _kept_with(station, number, resolution.intake, scan))


def _resolution_line(resolution: Resolution) -> dict[str, str]:
    return {"intake": resolution.intake, "code": resolution.code, "path": resolution.path, "answer": resolution.answer,
            "by": resolution.by, "confirmed_by": resolution.confirmed_by, "reason": resolution.reason,
            "scan_sha256": resolution.scan_sha256}


def _set_aside(station: Station, resolution: Resolution, scan: Path | None, methods: Sequence[str]) -> None:
    """Two people end a reading that was interrupted and will not be finished; the carrier is to be read anew."""
    begun = dict(open_intakes(station.home)).get(resolution.intake)
    if begun is None:
        raise UsageError("no-such-doubt", intake=resolution.intake, doubt=READING_OPEN, open="")
    if resolution.answer != "recheck":
        raise UsageError("reading-open-answer", intake=resolution.intake)
    number = _batch_of(station, str(begun.get("form_sha256", "")))
    line = {**_resolution_line(resolution), "methods": list(methods), "batch": number}
    set_aside(station.home, resolution.intake, lambda: station.register.append(
        "resolution", line | _kept_with(station, number, resolution.intake, scan)))


def _kept_with(station: Station, number: str, intake: str, scan: Path | None) -> dict[str, str]:
    """The scan that a resolution rests on, kept with its batch, or with its intake where no batch is open."""
    folder = station.home.batches / number if number else station.home.intakes / intake
    return keep_scan(station, folder, scan) if scan else {}


def keep_scan(station: Station, folder: Path, path: Path) -> dict[str, str]:
    """Keep a scan of paper in a folder of the home. Returns its place below the home and its SHA-256, for the line.

    Raises: UsageError("scan-unreadable"); RegisterError.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise UsageError("scan-unreadable", path=str(path), reason=error.strerror or "") from error
    with kept(folder):
        folder.mkdir(parents=True, exist_ok=True)
    suffix = re.sub(r"[^a-z0-9.]", "", path.suffix.lower())[:8]
    place = folder / f"scan-{hashlib.sha256(raw).hexdigest()[:16]}{suffix}"
    return {"scan_file": str(place.relative_to(station.home.root)), "scan_sha256": write_durably(place, raw)}


def two_people(first: str, second: str) -> None:
    """Raises: UsageError unless these are two different names."""
    names = ["".join(c for c in unicodedata.normalize("NFKC", name).casefold() if c.isalnum())
             for name in (first, second)]                      # spaces, dots and invisible characters tell nobody apart
    if not all(names) or names[0] == names[1]:
        raise UsageError("same-person", first=first, second=second)


def form_summary(batch: Batch) -> FormSummary:
    """The form as paper needs it."""
    return FormSummary(batch.form_name, batch.form_sha256, dict(batch.fields), batch.line_count, batch.carriers)


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why a batch cannot be decided yet. what: a key of `phrases.toml` with facts."""

    what: str
    facts: Mapping[str, str]


def obstacles(station: Station, batch: Batch, verdicts: Sequence[Verdict]) -> list[Obstacle]:
    """Everything that keeps a batch open: no reading or one that is not finished, a carrier absent, a doubt open,
    lines nobody answered."""
    found = [] if verdicts else [Obstacle("open-no-reading", {})]
    found += [Obstacle("open-reading", {"intake": number, "source": str(begun.get("source", ""))})
              for number, begun in open_intakes(station.home) if begun.get("form_sha256") in batch.forms]
    found += [Obstacle("open-supplement", {"due": str(e.facts["due"]), "note": str(e.facts["note"])})
              for e in wanting(batch.events)]
    read = {v.carrier.number for v in verdicts}
    found += [Obstacle(what, facts) for what, facts in open_numbers(batch.fields, batch.carriers, read)]
    found += [Obstacle("open-again", {"carrier": number}) for number in _come_again(batch)]
    found += [Obstacle(what, facts) for what, facts in unsaid(station, batch.number, verdicts)]
    found += _indistinct(verdicts)
    outcomes = [(v, final_outcome(v, batch.resolutions)) for v in verdicts]
    failed = {v.carrier.number for v, outcome in outcomes if outcome is Outcome.FAILED} - {""}
    for verdict, outcome in outcomes:
        if outcome is not Outcome.UNDECIDED or verdict.carrier.number in failed:     # goes back, whatever is answered
            continue
        doubts: list[Judgement] = open_doubts(verdict, batch.resolutions)
        for code in sorted({j.code for j in doubts}):
            what = "open-never" if code in NEVER_ACCEPTED else "open-doubt"
            found.append(Obstacle(what, {"intake": verdict.intake, "code": code}))
        if not doubts:
            found.append(Obstacle("open-not-proven", {"intake": verdict.intake}))
    if "appearance" not in station.config.may_be_unchecked:
        found += [Obstacle("open-appearance", {"carrier": v.carrier.number or v.intake}) for v in verdicts
                  if _unseen(v)]
    if verdicts and not found:
        found += _unanswered_lines(station, batch, verdicts)
    return found


def _come_again(batch: Batch) -> Iterator[str]:
    """Carriers that went back, were brought again and are not read yet: their old failure must not be decided on."""
    for number in dict.fromkeys(r.carrier_no for r in batch.current):
        if attempt_of(batch, number) > max(r.attempt for r in batch.current if r.carrier_no == number):
            went = max([d["seq"] for d in batch.decisions if number in d["returned"]] +
                       [e.seq for e in batch.events if e.event == "return" and e.carrier_no == number])
            if any(e.event in ("arrived", "received") and e.carrier_no in ("", number) and e.seq > went
                   and not e.corrected for e in batch.events):
                yield number


def _indistinct(verdicts: Sequence[Verdict]) -> Iterator[Obstacle]:
    """Readings of carriers without a number that look the same: a certificate must not count one disc as several."""
    alike: dict[tuple[str, str], list[str]] = {}
    for verdict in verdicts:
        if not verdict.carrier.number and verdict.digests.content_sha256:
            key = verdict.carrier.volume_label, verdict.digests.content_sha256
            alike.setdefault(key, []).append(verdict.intake)
    for intakes in alike.values():
        if len(intakes) > 1:
            yield Obstacle("open-same-carrier", {"intakes": "、".join(intakes), "intake": intakes[0]})


def _unseen(verdict: Verdict) -> bool:
    """Whether people have still to say something of a carrier's looks; what they doubted they have said."""
    return not any(j.check == "appearance" for j in verdict.findings) and any(
        c.id == "appearance" and c.result is CheckResult.NOT_CHECKED for c in verdict.checks)


def _unanswered_lines(station: Station, batch: Batch, verdicts: Sequence[Verdict]) -> list[Obstacle]:
    """Lines that no verdict of the batch speaks of: a form that names no carriers is judged over the whole batch.

    Lines of the 目录 package that lies on none of the carriers are not asked for here (domain §6.8).
    """
    spoken: set[tuple[str, ...]] = set()                    # two sheets may have a line of one number
    apart: list[set[str]] = []
    for verdict in verdicts:
        if verdict.reference.form_sha256 == batch.form_sha256:
            path = station.home.intakes / verdict.intake / "lines.jsonl.zst"
            check_list(path, verdict.lines_sha256)
            spoken.update((row.get("list", ""), str(row["line"]), row["package_no"], row["algorithm"], row["expected"])
                          for row in read_list(path) if verdict.reference.is_lists or not row.get("list"))
            apart.append({index for judgement in verdict.findings if judgement.code == "form-catalogue-apart"
                          for index in str(judgement.facts["indexes"]).split(",")})
    missing = batch.line_count - len(spoken) - len(set.intersection(*apart) if apart else ())
    return [Obstacle("open-lines", {"count": str(missing), "carriers": "、".join(unread(batch)[:_NAMED]) or "-"})] \
        if missing > 0 else []


def unread(batch: Batch) -> list[str]:
    """Carriers of the form that nobody has read: of its 载体目录, or those that its lines name, where they name
    carriers and not packages."""
    read = {reading.carrier_no for reading in batch.current}
    if batch.carriers:
        return [number for number in batch.carriers if number not in read]
    return [number for number in batch.packages if number not in read] if read - {""} <= set(batch.packages) else []


def counting_verdicts(station: Station, batch: Batch) -> list[Verdict]:
    """The verdicts that the next decision is about, in full, with what people saw; every reading of an attempt stands.

    Only one set aside by `recheck` of two people gives way, to a later reading of its carrier, or where no line of the
    form spoke of it; a failure never does.
    """
    readings, asked = _current(station, batch), _asked_again(batch)
    return [v for n, v in enumerate(readings)
            if not (v.intake in asked and v.outcome is Outcome.UNDECIDED
                    and (any(_is_of(v, later) for later in readings[n + 1:])
                         or not (v.carrier.number or v.counts.listed)))]


def set_aside_verdicts(station: Station, batch: Batch) -> list[Verdict]:
    """The readings that gave way to a later one of their carrier: nothing rests on them, but paper shows them too."""
    readings, asked = _current(station, batch), _asked_again(batch)
    return [v for n, v in enumerate(readings) if v.intake in asked and v.outcome is Outcome.UNDECIDED
            and any(_is_of(v, later) for later in readings[n + 1:])]


def _current(station: Station, batch: Batch) -> list[Verdict]:
    return [seen(station.config, batch.events, load_verdict(station, r.intake, batch.verdict_lines[r.intake]))
            for r in batch.current]


def _asked_again(batch: Batch) -> frozenset[str]:
    return frozenset(r.intake for r in batch.resolutions if r.answer == "recheck")


def failed_readings(station: Station, batch: Batch, carrier_no: str | None = None) -> list[Verdict]:
    """The readings that fail a carrier (None: any of the batch) in the attempt that is here, whoever decides."""
    return [v for v in counting_verdicts(station, batch) if carrier_no in (None, v.carrier.number)
            and v.attempt == attempt_of(batch, v.carrier.number)
            and final_outcome(v, batch.resolutions) is Outcome.FAILED]


def _is_of(earlier: Verdict, later: Verdict) -> bool:
    """Whether a later reading is of the same carrier: by its number, or by label and content where it had none."""
    if earlier.carrier.number == later.carrier.number:
        return True
    content = earlier.digests.content_sha256
    return (not earlier.carrier.number and content is not None and content == later.digests.content_sha256
            and earlier.carrier.volume_label == later.carrier.volume_label)


def check_list(path: Path, sha256: str) -> None:
    """Raises: RegisterError("journal-altered") where a list beside a journal is not the one in the register."""
    if not path.is_file() or file_sha256(path) != sha256:
        raise RegisterError("journal-altered", path=str(path))


def record_json(record: Mapping[str, Any]) -> bytes:
    """A record as the bytes of a file of its own."""
    return json.dumps(record, ensure_ascii=False, indent=1).encode("utf-8", "backslashreplace") + b"\n"
