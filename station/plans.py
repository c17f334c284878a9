"""计划名册: which units are to bring what in a year, read from their list, and how far they have come.

Takes a workbook or csv, gives the rows of one `plan` line; from that line and `Books` the 完成情况 of each row. Relies
on `ledger_sheets.toml` for the headings and on the guarded reader of forms. A newer list of a year replaces the older.
"""
from __future__ import annotations

import calendar
import csv
import re
import unicodedata
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any

from checks.form import FormUnreadable, received
from checks.normalise import declared_count, encoding_of, label, text_lines
from checks.opening import sheets_of
from checks.verdict import from_record
from checks.workbook import Sheet, text_of
from station.batch import UsageError
from station.ledger_book import layout
from station.register import Station
from station.standing import Accepted, BatchFacts, Books, local_day

ROWS_AT_MOST, CELL_CHARS = 10_000, 500
_BOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_DAY = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[ T]00:00(?::00)?)?"
                  r"|(\d{4})(\d{2})(\d{2})")
_MONTH = re.compile(r"(?:(\d{4})\s*[-/.年]\s*)?(\d{1,2})\s*月\s*(?:(\d{1,2})\s*日|底|末|底前|末前|前)?")
_YEAR = re.compile(r"(?<!\d)(20\d\d)(?!\d)")


@dataclass(frozen=True, slots=True)
class PlanRow:
    """One row. batches: 计划批次, how many. due_on: ISO day, "" = none; as written in notes where it is no day.

    notes: heading → text of every other column that has one.
    """

    seq: str
    unit_name: str
    fonds_no: str
    layer: str = ""
    data_form: str = ""
    batches: int = 1
    due_on: str = ""
    notes: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Progress:
    """完成情况 of a row. state: done | undone | overdue. completed_on: ISO day of the decision that completed it."""

    row: PlanRow
    state: str = "undone"
    accepted: list[BatchFacts] = field(default_factory=list)
    net_bytes: int = 0
    completed_on: str = ""


def import_plan(station: Station, path: Path, year: str) -> tuple[str, list[PlanRow], list[str]]:
    """Read a plan list and put it on record. year: "" = as the list says.

    Returns: its year, its rows, and due days that were not understood.
    Raises: FormUnreadable; UsageError("plan-layout" | "plan-empty" | "plan-year"); RegisterError.
    """
    chunks, sha256, _ = received(path)
    found, years = _rows(_sheets(chunks, path.name), path.name)
    said = {year} if year else years
    if len(said) != 1 or (year and years - {year}):
        raise UsageError("plan-year", file=path.name, years="、".join(sorted(years)) or "-")
    chosen = said.pop()
    rows = [_row(cells, chosen) for cells in found]
    station.register.append("plan", {"year": chosen, "file_name": path.name, "file_sha256": sha256,
                                     "rows": [asdict(row) for row in rows]})
    return chosen, rows, [text for row in rows if not row.due_on and (text := row.notes.get(_DUE, ""))]


def rows_of(line: Mapping[str, Any]) -> list[PlanRow]:
    """The rows of a `plan` line."""
    return [from_record(PlanRow, row) for row in line["rows"]]


def progress_of(books: Books, year: str, today: date) -> list[Progress]:
    """How far the plan of a year has come, in its order; nothing where there is no plan.

    A batch that stands 合格 counts for one row: the one that says most of it, with room left before full ones.
    """
    line = books.plans.get(year)
    every = [Progress(row) for row in rows_of(line)] if line else []
    net: dict[str, int] = {}
    for each in books.accepted:
        net[each.batch.number] = net.get(each.batch.number, 0) + each.net
    done = [batch for batch in books.batches.values() if batch.is_accepted and year_of(batch) == year]
    for batch in sorted(done, key=lambda b: b.decisions[-1].at):
        fitting = [(p, fits) for p in every if (fits := _fits(p.row, batch.fields))]
        if fitting:
            chosen = min(fitting, key=lambda pair: (len(pair[0].accepted) >= pair[0].row.batches, -pair[1]))[0]
            chosen.accepted.append(batch)
            chosen.net_bytes += net.get(batch.number, 0)
            if len(chosen.accepted) == chosen.row.batches:
                chosen.state, chosen.completed_on = "done", local_day(batch.decisions[-1].at).isoformat()
    for progress in every:
        if progress.state == "undone" and progress.row.due_on and progress.row.due_on < today.isoformat():
            progress.state = "overdue"
    return every


def year_of(batch: BatchFacts) -> str:
    """报送年度 of a batch, four digits; of a form that says none, of the day that it was opened."""
    found = _YEAR.search(unicodedata.normalize("NFKC", batch.fields.get("year", "")))
    return found[1] if found else batch.at[:4]


def accepted_in(books: Books, year: str) -> list[Accepted]:
    """The carriers that stand accepted, of batches of this 报送年度; "" = all."""
    return [each for each in books.accepted if not year or year_of(each.batch) == year]


def _fits(row: PlanRow, fields: Mapping[str, str]) -> int:
    """How much of a row says that it is about a batch; 0 = it is not."""
    fonds, unit = label(row.fonds_no), label(row.unit_name)
    if fonds and fields.get("fonds_no"):
        if fonds != label(fields["fonds_no"]):
            return 0
    elif not unit or unit != label(fields.get("unit_name", "")):
        return 0
    said = [(label(getattr(row, name)), label(fields.get(name, ""))) for name in ("layer", "data_form")]
    if any(mine and theirs and mine != theirs for mine, theirs in said):
        return 0
    return 1 + sum(bool(mine) and mine == theirs for mine, theirs in said)


# --- reading the list ----------------------------------------------------------------------------------------------

_DUE = "应交日期"                      # of a row whose due day is no day: the note under which it stands


def _sheets(chunks: deque[bytes], name: str) -> Sequence[Sheet]:
    if not chunks:
        raise FormUnreadable("form-empty", file=name)
    if chunks[0][:4] in _BOOKS:
        return sheets_of(b"".join(chunks), name)
    encoding = encoding_of(chunks)
    if not encoding:
        raise FormUnreadable("form-undecodable", file=name)
    try:
        lines = [line.replace("\0", "\ufffd") + "\n" for line in text_lines(chunks, encoding)]
        delimiter = max(",\t;", key=lambda mark: max((line.count(mark) for line in lines[:20]), default=0))
        return [Sheet("", list(enumerate(csv.reader(lines, delimiter=delimiter), 1)), delimited=True)]
    except (csv.Error, OverflowError) as failure:
        raise FormUnreadable("form-broken", file=name) from failure


def _rows(sheets: Iterable[Sheet], name: str) -> tuple[list[dict[str, str]], set[str]]:
    """The rows under every header of a plan, as identifier (or unknown heading) → text; and the years that are said."""
    known = {label(text): identifier for identifier, texts in layout()["plan"]["read"].items() for text in texts}
    rows: list[dict[str, str]] = []
    years, titled, headed = set[str](), set[str](), False
    for sheet in sheets:
        header: list[str] = []
        above = dict(islice((((row, left), (top, left)) for top, left, bottom, right in sheet.merged if left == right
                             for row in range(top + 1, bottom + 1)), 10 * ROWS_AT_MOST))
        written: dict[tuple[int, int], str] = dict.fromkeys(above.values(), "")
        for number, cells in sheet.rows:
            here = [unicodedata.normalize("NFKC", text_of(cell))[:CELL_CHARS].strip() for cell in cells]
            for column, text in enumerate(here):
                place = (number - 1, column)
                if place in written:
                    written[place] = text
                here[column] = text or written.get(above.get(place, place), "")
            named = [known.get(label(text), "") for text in here]
            if {"unit_name", "fonds_no"} & {*named} and len({*named} - {""}) >= 2:
                header, headed = [identifier or text for identifier, text in zip(named, here, strict=True)], True
            elif not header:
                titled.update(found for text in here for found in _YEAR.findall(text))
            elif row := _under(header, here):
                rows.append(row)
                years.update(_YEAR.findall(row.get("year", "")))
            if len(rows) > ROWS_AT_MOST:
                raise FormUnreadable("form-bomb", file=name, limit=ROWS_AT_MOST)
    if not headed:
        raise UsageError("plan-layout", file=name)
    if not rows:
        raise UsageError("plan-empty", file=name)
    return rows, years or titled


def _under(header: Sequence[str], texts: Sequence[str]) -> dict[str, str]:
    """A row under its header; {} for one that names no unit: a total, a note, a blank line."""
    row: dict[str, str] = {}
    for heading, text in zip(header, texts, strict=False):
        if heading and text and heading not in row:
            row[heading] = text
    named = row.get("unit_name", "")
    total = any(label(text).rstrip(":") in ("合计", "总计", "小计", "共计") for text in (named, row.get("seq", "")))
    return row if (named or row.get("fonds_no")) and not total else {}


def _row(cells: Mapping[str, str], year: str) -> PlanRow:
    own = {"seq", "unit_name", "fonds_no", "layer", "data_form"}
    notes = {heading: text for heading, text in cells.items()
             if heading not in own | {"batches", "due_on", "year", "state", "actual", "completed_on"}}
    due, planned = _day(cells.get("due_on", ""), year), cells.get("batches", "")
    if cells.get("due_on") and not due:
        notes[_DUE] = cells["due_on"]
    count = declared_count(planned)
    if planned and not count:
        notes["计划批次"] = planned
    return PlanRow(**{"seq": "", "unit_name": "", "fonds_no": "", **{k: cells[k] for k in own & cells.keys()}},
                   batches=min(count or 1, ROWS_AT_MOST), due_on=due, notes=notes)


def _day(text: str, year: str) -> str:
    """A day as people write it, in ISO; of a month its last day; "" = it is none."""
    whole, month = _DAY.fullmatch(text), _MONTH.fullmatch(text)
    numbers = [int(n) for n in whole.groups() if n] if whole else []
    if not whole and month and 1 <= int(month[2]) <= 12:
        of = int(month[1] or year)
        numbers = [of, int(month[2]), int(month[3] or calendar.monthrange(of, int(month[2]))[1])]
    try:
        return date(*numbers).isoformat() if numbers else ""
    except ValueError:
        return ""
