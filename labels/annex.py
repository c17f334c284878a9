"""The 附页: one readable block per carrier, what people decided, and what the result rests on.

Takes a `Decision`, gives strips (a height and how to draw it) in reading order and deals them to pages; relies on
`page.Sheet` and `sentences`. Only files that failed are named, unless the list is short (domain §10.8).
"""
from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import NamedTuple

from checks.catalogue import shown
from checks.judge import final_outcome
from checks.verdict import CheckResult, Decision, Judgement, LineResult, LineState, Outcome, Severity, Verdict
from labels import pictures
from labels.page import LEADING, Box, Sheet, text_width, wrap
from labels.sentences import (
    algorithms_of,
    carrier_name,
    edition,
    final_readings,
    gigabytes,
    name_of,
    result_of,
    say,
)

SIZE = 9.0                          # points
SHOWN_WHOLE = 40                    # lines of the form that are all shown; of longer lists only those that failed
FAILED_AT_MOST = 100                # of those
_LISTS_SHOWN = 10
_PAD = 3.0
_ROWS_IN_ONE_PIECE = 24             # a longer cell may be broken by a page's end
_HEX = frozenset("0123456789abcdef")


class Strip(NamedTuple):
    """A band across the page. keep: stays with the next strip. running: what a page says that begins inside it."""

    height: float
    paint: Callable[[Sheet, Box], None]
    keep: bool = False
    running: str = ""


class Column(NamedTuple):
    """A cell of a row: its text, its part of the width, and how it is set."""

    text: str
    width: float
    align: str = "left"
    grey: bool = False
    mono: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """What setting needs: the sheet (which remembers missing characters), the width, local time's distance to UTC."""

    sheet: Sheet
    width: float
    utc_offset_minutes: int = 480


def annex(layout: Layout, decision: Decision, rests: Mapping[str, str], head_sha256: str) -> list[Strip]:
    """All strips of the annex. rests: what did not go into the cells of page 1, by the label of the cell."""
    strips: list[Strip] = []
    if rests:
        strips.append(_heading(layout, say("annex.rest")))
        for label, text in rests.items():
            strips += row(layout, (Column(label, 1.9, grey=True), Column(text, 8.1)))
    final = final_readings(decision)
    if len(decision.verdicts) > 1:
        strips += _overview(layout, decision, final)
    for number, verdict in enumerate((*decision.verdicts, *decision.set_aside), 1):
        strips += _carrier(layout, decision, verdict, number)
    strips += _resolutions(layout, decision)
    return [*strips, *_basis(layout, decision, head_sha256)]


def deal(strips: Sequence[Strip], height: float) -> list[list[Strip]]:
    """Strips dealt to pages of this height; those kept together move together where they can."""
    pages: list[list[Strip]] = [[]]
    used, at = 0.0, 0
    while at < len(strips):
        end = at + 1
        while end < len(strips) and strips[end - 1].keep:
            end += 1
        group = strips[at:end]
        high = sum(s.height for s in group)
        if pages[-1] and used + high > height:
            pages.append([])
            used = 0.0
        if high > height:                                  # higher than a page: as it comes
            group = group[:1]
        pages[-1] += group
        used += sum(s.height for s in group)
        at += len(group)
    return pages


def row(layout: Layout, columns: Sequence[Column], keep: bool = False, running: str = "") -> list[Strip]:
    """A row of framed cells as high as its longest text; a very long one becomes several strips."""
    whole = sum(c.width for c in columns)
    widths = [layout.width * c.width / whole for c in columns]
    lines = [wrap(layout.sheet.covered(c.text), SIZE, w - 2 * _PAD, c.mono)
             for c, w in zip(columns, widths, strict=True)]
    count = max(len(text) for text in lines)
    strips = []
    for start in range(0, count, _ROWS_IN_ONE_PIECE):
        part = [text[start:start + _ROWS_IN_ONE_PIECE] for text in lines]
        rows = min(_ROWS_IN_ONE_PIECE, count - start)
        ends = (start == 0, start + rows == count)
        height = rows * SIZE * LEADING + (2.5 if ends[0] else 0) + (2.5 if ends[1] else 0)
        strips.append(Strip(height, _row_painter(columns, widths, part, ends), keep and ends[1], running))
    return strips


def _row_painter(columns: Sequence[Column], widths: Sequence[float], lines: Sequence[Sequence[str]],
                 ends: tuple[bool, bool]) -> Callable[[Sheet, Box], None]:
    def paint(sheet: Sheet, box: Box) -> None:
        left, bottom = box.left, box.top + box.height
        for column, width, text in zip(columns, widths, lines, strict=True):
            if column.grey:
                sheet.rect(Box(left, box.top, width, box.height), 0, 0.93)
            high = len(text) * SIZE * LEADING
            top = box.top + (2.5 if ends[0] else 0)
            if ends == (True, True):
                top = box.top + (box.height - high) / 2
            sheet.lines(Box(left + _PAD, top, width - 2 * _PAD, high), text, SIZE, column.align, column.mono)
            sheet.path(((left, box.top), (left, bottom)), 0.5)
            left += width
        sheet.path(((left, box.top), (left, bottom)), 0.5)
        for drawn, at in zip(ends, (box.top, bottom), strict=True):
            if drawn:
                sheet.path(((box.left, at), (left, at)), 0.5)
    return paint


def _heading(layout: Layout, text: str) -> Strip:
    covered = layout.sheet.covered(text)

    def paint(sheet: Sheet, box: Box) -> None:
        sheet.aligned(box._replace(top=box.top + 8, height=box.height - 10), covered, 12)
    return Strip(28, paint, keep=True)


def _band(left: str, right: str, running: str = "") -> Strip:
    def paint(sheet: Sheet, box: Box) -> None:
        frame = box._replace(top=box.top + 10, height=box.height - 10)
        sheet.rect(frame, 1.0, 0.85)
        room, wide = frame.inside(5, 0), text_width(right, 10.5)
        sheet.one_line(room._replace(width=room.width - wide - 12), left, 10.5)
        sheet.aligned(room, right, 10.5, "right")
    return Strip(30, paint, keep=True, running=running)


def _title(layout: Layout, text: str, running: str) -> list[Strip]:
    return row(layout, (Column(text, 1.0, "center", grey=True),), keep=True, running=running)


def _overview(layout: Layout, decision: Decision, final: Sequence[Verdict]) -> list[Strip]:
    columns = [(str(text), float(width)) for text, width in edition()["overview"]["columns"]]
    widths = [width for _, width in columns]
    running = say("annex.overview")
    strips = [_heading(layout, running),
              *row(layout, [Column(text, width, "center", grey=True) for text, width in columns], True, running)]
    for number, verdict in enumerate(decision.verdicts, 1):
        outcome = name_of(final_outcome(verdict, decision.resolutions))
        if verdict not in final:
            outcome = say("annex.earlier_short")
        texts = (str(number), carrier_name(verdict), _kind(verdict), f"{verdict.counts.files:,}",
                 f"{verdict.counts.bytes:,}", f"{verdict.counts.equal:,}/{verdict.counts.listed:,}",
                 read_result(verdict), outcome)
        aligned = ("center", "left", "center", "right", "right", "center", "center", "center")
        strips += row(layout, [Column(t, w, a) for t, w, a in zip(texts, widths, aligned, strict=True)],
                      running=running)
    return strips


def _kind(verdict: Verdict) -> str:
    return f"{name_of(verdict.carrier.kind)} {shown(verdict.carrier.medium)}".strip()


def read_result(verdict: Verdict) -> str:
    """读取结果: 通读 only where every planned byte was read; of a disk with its free space, or it says that without."""
    coverage = verdict.coverage
    if not coverage.read_bytes:
        return name_of("read_none")
    lost = coverage.unreadable_bytes or coverage.not_attempted_bytes or coverage.read_bytes != coverage.planned_bytes
    return name_of("read_part" if lost else "read_files" if _free_space_left(verdict) else "read_all")


def _free_space_left(verdict: Verdict) -> bool:
    """Whether the free space of a disk was not read: all of it is, for a digest of the whole."""
    return verdict.carrier.kind == "disk" and verdict.coverage.planned_bytes < verdict.carrier.capacity_bytes


def _carrier(layout: Layout, decision: Decision, verdict: Verdict, number: int) -> list[Strip]:
    name = carrier_name(verdict)
    running = say("annex.page_carriers", name=name)
    outcome = final_outcome(verdict, decision.resolutions)
    if verdict in decision.set_aside:
        right = say("annex.set_aside")
    elif verdict not in final_readings(decision):
        right = say("annex.earlier", outcome=name_of(outcome))
    elif verdict.outcome is Outcome.UNDECIDED:
        right = say("annex.outcome_resolved", outcome=name_of(outcome))
    else:
        right = say("annex.outcome", outcome=name_of(outcome))
    left = say("annex.carrier", index=number, count=len(decision.verdicts) + len(decision.set_aside),
               name=name)
    strips = [_band(left, right, running)]
    pairs = _short_facts(verdict)
    for at in range(0, len(pairs), 2):
        columns = [cell for label, value in pairs[at:at + 2]
                   for cell in (Column(label, 1.9, grey=True), Column(value, 3.1))]
        strips += row(layout, columns, keep=True, running=running)
    for label, value in _long_facts(layout, verdict):
        mono = bool(value) and set(value) <= _HEX
        strips += row(layout, (Column(label, 1.9, grey=True), Column(value, 8.1, mono=mono)), running=running)
    strips += _findings(layout, verdict, running)
    if verdict in final_readings(decision):
        strips += _lines(layout, verdict, running)
    return [*strips, *_pictures(layout, verdict, running)]


def _short_facts(verdict: Verdict) -> list[tuple[str, str]]:
    facts, speed, none = verdict.carrier, verdict.speed, say("page.none")
    set_code = facts.set_code
    set_name = edition()["names"].get(f"set_{set_code}", shown(set_code)) if set_code else none
    rate = say("facts.speed_value", mean=f"{speed.mean_mb_s:.1f}", low=f"{speed.min_mb_s:.1f}",
               high=f"{speed.max_mb_s:.1f}", time=_duration(speed.seconds)) if speed.seconds else none
    values = {"kind": _kind(verdict), "volume_label": shown(facts.volume_label) or none,
              "serial": shown(facts.serial) or none, "set": set_name, "files": f"{verdict.counts.files:,}",
              "bytes": say("facts.bytes_value", bytes=f"{verdict.counts.bytes:,}", gb=gigabytes(verdict.counts.bytes)),
              "algorithm": "、".join([*algorithms_of([verdict]), ""]).rstrip("、") or none,
              "read": read_result(verdict), "speed": rate,
              "structure": say("facts.structure_value", layers="、".join(facts.layers) or none,
                               sessions=say("facts.sessions", count=facts.sessions) if facts.kind == "disc" else "",
                               capacity=f"{facts.capacity_bytes:,}")}
    return [(say(f"facts.{key}"), value) for key, value in values.items()]


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60:d}:{minutes % 60:02d}:{rest:02d}"


def _long_facts(layout: Layout, verdict: Verdict) -> list[tuple[str, str]]:
    """Facts of a carrier that take the whole width; in this order."""
    counts, coverage = verdict.counts, verdict.coverage
    compared = {k: f"{getattr(counts, k):,}" for k in
                ("listed", "equal", "differs", "unreadable", "missing", "not_checked", "unlisted")}
    covered = {k: f"{getattr(coverage, f'{k}_bytes'):,}" for k in ("planned", "read", "unreadable", "not_attempted")}
    offset, digests, carrier = verdict.reference.root_offset, verdict.digests, verdict.digests.carrier
    whole = carrier and say("facts.carrier_digest_value", digest=carrier.digest, range=f"{carrier.range_bytes:,}")
    facts = [("compared", say("facts.counts_value", **compared)),
             ("coverage", say("facts.coverage_value", **covered)
              + (say("facts.coverage_free_space") if _free_space_left(verdict) else "")),
             ("anchor", say(f"basis.{verdict.reference.anchor}")),
             ("root", say("facts.root_value", dropped=offset["dropped"]) if offset.get("dropped") else ""),
             ("root", say("facts.root_added", prepended=offset["prepended"]) if offset.get("prepended") else ""),
             ("names", "、".join(f"{name} {count:,}" for name, count in verdict.reference.trees.items()
                                if name != "files")),
             ("reference_lists", _reference_lists(verdict)),
             ("content", digests.content_sha256 or say("page.none")),
             ("carrier_digest", whole or ""), ("drive", _listed("facts.drive", verdict.drive)),
             ("health", _health(verdict)),
             ("read_only", _read_only(verdict)),
             ("sittings", "\n".join(say("facts.sitting", begun=local_time(s.begun_at, layout.utc_offset_minutes),
                                        ended=local_time(s.ended_at, layout.utc_offset_minutes))
                                    for s in verdict.sittings)),
             ("people", "、".join(map(shown, verdict.people))),
             ("intake", say("facts.intake_value", intake=verdict.intake, attempt=verdict.attempt,
                            profile=name_of(verdict.profile),
                            at=local_time(verdict.at, layout.utc_offset_minutes))),
             ("journal", verdict.journal_sha256), ("lines", verdict.lines_sha256), ("file_list", verdict.files_sha256)]
    algorithm = name_of(carrier.algorithm) if carrier else ""
    return [(say(f"facts.{key}", algorithm=algorithm), value or say("page.none")) for key, value in facts
            if value or key not in ("root", "carrier_digest", "names", "reference_lists", "health")]


def _reference_lists(verdict: Verdict) -> str:
    """The lists that were followed, with their digests; a few of many."""
    reference = verdict.reference
    shown_lists = [say("facts.reference_list", path=shown(each.path), sha=each.sha256, lines=f"{each.lines:,}")
                   for each in reference.lists[:_LISTS_SHOWN] if each.sha256]
    more = reference.list_count - len(shown_lists)
    return "\n".join([*shown_lists, *([say("facts.reference_lists_more", count=f"{more:,}")] if shown_lists and more
                                       else [])])


def _health(verdict: Verdict) -> str:
    """What the drive said of the carrier, or why nothing is known; "" where nobody was asked."""
    found = result_of(verdict, "health")
    evidence = shown(found.evidence.get("zh", ""))
    if found.result is CheckResult.NOT_CHECKED and evidence:
        return say("check.not_checked", reason=evidence)
    return evidence


def _read_only(verdict: Verdict) -> str:
    method = name_of(str(verdict.read_only.get("method", ""))) or say("page.unknown")
    back = say("names.yes" if verdict.read_only.get("read_back") is True else "names.no")
    return say("facts.read_only_value", method=method, read_back=back)


def _listed(section: str, values: Mapping[str, str]) -> str:
    """A mapping as 「名 值;名 值」; keys that the edition has no word for are left as they are."""
    words: Mapping[str, str] = edition()["facts"]
    prefix = section.split(".")[1]
    return ";".join(f"{words.get(f'{prefix}_{key}', shown(key))} {shown(str(value))}"
                    for key, value in values.items() if value)


def local_time(at: str, utc_offset_minutes: int) -> str:
    """A UTC time of the records as local time on paper; what is no time is shown as it stands."""
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        return shown(at)
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return f"{aware.astimezone(timezone(timedelta(minutes=utc_offset_minutes))):%Y-%m-%d %H:%M:%S}"


def _findings(layout: Layout, verdict: Verdict, running: str) -> list[Strip]:
    if not verdict.findings:
        return row(layout, (Column(say("annex.no_findings"), 1.0),), running=running)
    strips = _title(layout, say("annex.findings"), running)
    named = [j for j in verdict.findings if j.severity is not Severity.NOTE]
    for judged in [*named, *_summed(j for j in verdict.findings if j.severity is Severity.NOTE)]:
        text = judged.text.get("zh", "") or judged.code
        if judged.path and judged.path not in text and shown(judged.path) not in text:
            text = f"{shown(judged.path)}:{text}"
        if judged.count > 1:
            text = say("annex.more_of", text=text, count=judged.count)
        if judged.clause:
            text += " " + say("annex.clause", clause=judged.clause)
        strips += row(layout, (Column(name_of(judged.severity), 1.0, "center"), Column(text, 9.0)), running=running)
    return strips


def _summed(notes: Iterable[Judgement]) -> list[Judgement]:
    """Notes of one code and check as one, with their sum; the first one's words stand for all."""
    first: dict[tuple[str, object], Judgement] = {}
    counts: dict[tuple[str, object], int] = {}
    for note in notes:
        key = (note.code, note.facts.get("check") or note.check)
        first.setdefault(key, note)
        counts[key] = counts.get(key, 0) + note.count
    return [replace(note, count=counts[key]) for key, note in first.items()]


def _all_shown(verdict: Verdict) -> bool:
    return verdict.counts.listed <= SHOWN_WHOLE and len(verdict.lines) == verdict.counts.listed


def _lines(layout: Layout, verdict: Verdict, running: str) -> list[Strip]:
    if not verdict.counts.listed and not verdict.lines:
        return []
    chosen = [line for line in verdict.lines if _all_shown(verdict) or line.state != LineState.EQUAL]
    chosen.sort(key=lambda line: line.state == LineState.EQUAL)
    strips: list[Strip] = []
    if chosen:
        key = "annex.lines" if _all_shown(verdict) else "annex.lines_failed"
        failed = verdict.counts.listed - verdict.counts.equal
        strips += _title(layout, say(key, count=f"{len(chosen) if _all_shown(verdict) else failed:,}"), running)
        for line in chosen[:FAILED_AT_MOST]:
            strips += _line(layout, line, running)
        left = 0 if _all_shown(verdict) else failed - min(len(chosen), FAILED_AT_MOST)
        if left > 0:
            strips += row(layout, (Column(say("annex.lines_left", count=f"{left:,}"), 1.0),), running=running)
    if not _all_shown(verdict):
        text = say("annex.lines_whole", listed=f"{verdict.counts.listed:,}", equal=f"{verdict.counts.equal:,}")
        strips += row(layout, (Column(text, 1.0),), running=running)
    return strips


def _line(layout: Layout, line: LineResult, running: str) -> list[Strip]:
    """One line of the form: what it names above, the two digests one under the other, so that eyes can compare."""
    head = say("annex.line", line=line.line, package=f"{line.package_no} " if line.package_no else "", path=line.path)
    digests = say("annex.digests", algorithm=name_of(line.algorithm), expected=line.expected or say("page.none"),
                  actual=line.actual or say("page.none"))
    columns = (Column(name_of(line.state), 1.0, "center"), Column(f"{head}\n{digests}", 9.0, mono=True))
    return row(layout, columns, running=running)


def _pictures(layout: Layout, verdict: Verdict, running: str) -> list[Strip]:
    surface = verdict.speed.surface
    if not surface:
        return row(layout, (Column(say("annex.no_surface"), 1.0),), running=running)
    end = max(verdict.carrier.capacity_bytes, surface[-1][0])
    strips = []
    for key, height, painter in (("surface", pictures.map_height(len(surface)), pictures.surface_map),
                                 ("curve", pictures.CURVE_HEIGHT, pictures.speed_curve)):
        strips += _title(layout, say(f"annex.{key}"), running)
        strips.append(Strip(height + 6, _picture_painter(painter, surface, end), key == "surface", running))
    return strips


def _picture_painter(painter: pictures.Painter, surface: pictures.Surface, end: int) -> Callable[[Sheet, Box], None]:
    def paint(sheet: Sheet, box: Box) -> None:
        sheet.rect(box, 0.5)
        painter(sheet, box.inside(6, 3), surface, end)
    return paint


def _resolutions(layout: Layout, decision: Decision) -> list[Strip]:
    if not decision.resolutions:
        return []
    readings = (*decision.verdicts, *decision.set_aside)
    names = {v.intake: carrier_name(v) for v in readings}
    doubts = [(v.intake, j) for v in readings for j in v.findings if j.severity is Severity.DOUBT]
    strips = [_heading(layout, say("annex.resolutions"))]
    for number, answer in enumerate(decision.resolutions, 1):
        word = name_of({"reject": "answer_reject"}.get(answer.answer, answer.answer))
        answered = [j for intake, j in doubts if (intake, j.code) == (answer.intake, answer.code)
                    and answer.path in ("", j.path)]
        about = "\n".join(j.text.get("zh", j.code) for j in answered) or \
            (say("annex.reading_open") if answer.code == "reading-open" else answer.code)
        at = say("annex.resolution_at", at=local_time(answer.at, layout.utc_offset_minutes)) if answer.at else ""
        scan = say("annex.resolution_scan", sha=answer.scan_sha256) if answer.scan_sha256 else ""
        text = "\n".join((
            say("annex.of_carrier", carrier=names.get(answer.intake, answer.intake)) + about,
            say("annex.resolution", code=answer.code, path=f" {answer.path}" if answer.path else "", answer=word,
                reason=answer.reason),
            say("annex.resolution_people", by=answer.by, confirmed_by=answer.confirmed_by, at=at, scan=scan)))
        strips += row(layout, (Column(str(number), 0.6, "center"), Column(text, 9.4)))
    return strips


def _basis(layout: Layout, decision: Decision, head_sha256: str) -> list[Strip]:
    """What the result rests on; a fact that is the same for all carriers stands once."""
    form, none, offset = decision.form, say("page.none"), layout.utc_offset_minutes
    rows = [("form", say("facts.form_value", name=form.file_name, lines=f"{form.line_count:,}")),
            ("form_sha256", form.sha256),
            ("station", say("facts.station_value", station=decision.station, org=decision.receiving_org)),
            ("people_decided", say("facts.people_value", operator=decision.operator, reviewer=decision.reviewer,
                                   at=local_time(decision.at, offset)))]
    for key, value_of in (("host", lambda v: _listed("facts.host", v.host)), ("clock", _clock),
                          ("software", lambda v: _listed("facts.software", v.versions)),
                          ("policy", lambda v: v.policy_sha256), ("catalogue", lambda v: v.catalogue_sha256),
                          ("selftest", lambda v: shown(v.selftest))):
        rows += [(key, text) for text in _shared(decision.verdicts, value_of)]
    rows.append(("head", head_sha256))
    strips = [_heading(layout, say("annex.basis"))]
    for key, value in rows:
        mono = bool(value) and set(value) <= _HEX
        strips += row(layout, (Column(say(f"facts.{key}"), 2.0, grey=True), Column(value or none, 8.0, mono=mono)))
    return strips


def _clock(verdict: Verdict) -> str:
    seconds = verdict.clock.get("offset_seconds")
    unknown = say("page.unknown")
    offset = unknown if seconds is None else say("facts.clock_offset", seconds=seconds)
    return say("facts.clock_value", source=verdict.clock.get("source") or unknown, offset=offset)


def _shared(verdicts: Sequence[Verdict], value_of: Callable[[Verdict], str]) -> list[str]:
    """The values of all carriers: one if they agree, else each with the carriers that it holds for."""
    groups: dict[str, list[str]] = {}
    for verdict in verdicts:
        groups.setdefault(value_of(verdict), []).append(carrier_name(verdict))
    if len(groups) <= 1:
        return list(groups)
    return [say("annex.only", text=text or say("page.none"), carriers="、".join(names))
            for text, names in groups.items()]
