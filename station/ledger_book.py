"""The workbook of the 台账 and its statistics, as a user of office software expects it.

Takes rows and a `Summary`, writes one .xlsx, whole or not at all; relies on `ledger_sheets.toml` for all that stands on
it. Texts are written as texts (no number, digest or formula is ever made of them), days as days, sums as numbers; every
sheet says its day and the head of the register. Rows go to the file as they come.
"""
from __future__ import annotations

import tempfile
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from xlsxwriter.exceptions import FileCreateError
from xlsxwriter.format import Format
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from carriers.model import Refused
from checks.catalogue import shown
from station.form_writer import publish

_A4, _ROWS, _CELL_CHARS, _EXACT = 9, 1_048_576, 32_000, 10 ** 15      # sums up to 10¹⁵ are exact in a spreadsheet
_BASE: dict[str, Any] = {"font_name": "宋体", "font_size": 10, "valign": "vcenter"}
_LOOKS: dict[str, dict[str, Any]] = {
    "title": {"bold": True, "font_size": 11},
    "heading": {"bold": True, "border": 1, "text_wrap": True, "align": "center", "bg_color": "#E8EEF4"},
    "text": {"num_format": 49},                         # text, by its own number (ECMA-376-1 §18.8.30)
    "number": {"num_format": "#,##0"},
    "bytes": {"num_format": "#,##0"},
    "day": {"num_format": "yyyy-mm-dd"},
    "time": {"num_format": "yyyy-mm-dd hh:mm"},
    "sentence": {"text_wrap": True, "font_size": 12, "valign": "top"},
}
_PAGE_CHARS, _REPEATED = 170, 3                         # of a page's width; columns repeated on each page
_LEAST_FROZEN = 2                                       # rows: what the sheet is, and its headings

Column = Mapping[str, Any]


@cache
def layout() -> Mapping[str, Any]:
    """`ledger_sheets.toml`."""
    return tomllib.loads(Path(__file__).with_name("ledger_sheets.toml").read_text(encoding="utf-8"))


@lru_cache(maxsize=4096)                                # units, words and places stand in thousands of rows
def _safe(text: str) -> str:
    """A text as a cell can hold it."""
    return shown(text)[:_CELL_CHARS]


@dataclass(frozen=True, slots=True)
class Stamp:
    """What every sheet says of itself: language, when it was made (local), the heads of the registers, its year.

    text: what the rows of the 台账 were searched for, "" = they are all there.
    """

    language: str
    at: str
    heads: str
    year: str = ""
    text: str = ""

    def title(self, name: str) -> str:
        words: Mapping[str, Mapping[str, str]] = layout()["title"]
        year = words["year"][self.language].format(year=self.year) if self.year else ""
        if self.text and name == "ledger":
            year += words["searched"][self.language].format(text=shown(self.text))
        return words["as_of"][self.language].format(
            title=words[name][self.language], year=year, at=self.at, heads=self.heads)


class LedgerBook:
    """One workbook under the hand; its sheets in the order in which they are written."""

    def __init__(self, workbook: Workbook, stamp: Stamp) -> None:
        self._workbook, self._stamp = workbook, stamp
        self._looks: dict[str, Format] = {name: workbook.add_format(_BASE | look) for name, look in _LOOKS.items()}

    def sentences(self, name: str, texts: Iterable[str]) -> None:
        """A sheet of sentences, one a row, to be read and printed."""
        sheet = self._sheet(name, 1, portrait=True)
        sheet.set_column(0, 0, 92)
        sheet.freeze_panes(1, 0)
        sheet.write_string(0, 0, self._stamp.title(name), self._looks["title"])
        for at, text in enumerate(texts, 1):
            lines = 1 + sum(2 if ord(c) > 0x2e80 else 1 for c in text) // 84
            sheet.set_row(at, 18 * lines)
            sheet.write_string(at, 0, _safe(text), self._looks["sentence"])

    def table(self, name: str, columns: Sequence[Column], rows: Iterable[Mapping[str, Any]]) -> int:
        """A table under its headings, gone on with on another sheet where one is full. Returns how many rows it has."""
        sheet, part, count, at = self._table_sheet(name, columns, 1), 1, 0, _LEAST_FROZEN
        for row in rows:
            if at == _ROWS:
                self._end(sheet, columns, at)
                part += 1
                sheet, at = self._table_sheet(name, columns, part), _LEAST_FROZEN
            for place, column in enumerate(columns):
                value = row.get(column["id"])
                if value not in (None, ""):
                    self._cell(sheet, (at, place), value, column.get("kind", "text"))
            at, count = at + 1, count + 1
        self._end(sheet, columns, at)
        return count

    def _sheet(self, name: str, part: int, *, portrait: bool = False) -> Worksheet:
        words, language = layout()["title"], self._stamp.language
        title = words[name][language]
        sheet: Worksheet = self._workbook.add_worksheet(title if part == 1 else f"{title} {part}")
        sheet.set_paper(_A4)
        if not portrait:
            sheet.set_landscape()
        sheet.set_margins(left=0.4, right=0.4, top=0.6, bottom=0.6)
        sheet.set_footer(f"&L{self._stamp.heads[:120]}&R{words['page'][language]}")
        sheet.fit_to_pages(1, 0)
        sheet.hide_gridlines(0)                         # they are printed
        return sheet

    def _table_sheet(self, name: str, columns: Sequence[Column], part: int) -> Worksheet:
        sheet = self._sheet(name, part)
        sheet.freeze_panes(_LEAST_FROZEN, 0)
        sheet.repeat_rows(0, _LEAST_FROZEN - 1)
        across = max(1, round(sum(column["width"] for column in columns) / _PAGE_CHARS))
        if across > 1:                                  # one page's width would be too small to read
            sheet.freeze_panes(_LEAST_FROZEN, _REPEATED)
            sheet.repeat_columns(0, _REPEATED - 1)
            sheet.print_across()
            sheet.fit_to_pages(across, 0)
        for at, column in enumerate(columns):
            sheet.set_column(at, at, column["width"], self._looks[column.get("kind", "text")])
        sheet.write_string(0, 0, self._stamp.title(name), self._looks["title"])
        sheet.set_row(1, 32)
        for at, column in enumerate(columns):
            sheet.write_string(1, at, column[self._stamp.language], self._looks["heading"])
        return sheet

    def _end(self, sheet: Worksheet, columns: Sequence[Column], rows: int) -> None:
        sheet.autofilter(1, 0, max(1, rows - 1), len(columns) - 1)

    def _cell(self, sheet: Worksheet, place: tuple[int, int], value: Any, kind: str) -> None:
        look = self._looks[kind]
        if kind in ("day", "time") and isinstance(value, str):
            value = date.fromisoformat(value)
        if isinstance(value, datetime | date):
            sheet.write_datetime(*place, value, look)
        elif isinstance(value, int) and kind != "text" and abs(value) < _EXACT:
            sheet.write_number(*place, value, look)
        else:
            sheet.write_string(*place, _safe(str(value)), self._looks["text"])


@contextmanager
def published(out: Path, stamp: Stamp) -> Iterator[LedgerBook]:
    """A workbook that appears under its name when it is finished and on the disk, or not at all.

    Raises: Refused("output-exists" | "form-not-writable").
    """
    if out.exists():
        raise Refused("output-exists", path=str(out))
    try:
        with tempfile.TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as scratch:
            made = Path(scratch, "register.xlsx")
            with Workbook(str(made), {"constant_memory": True, "tmpdir": scratch}) as workbook:
                yield LedgerBook(workbook, stamp)
            publish(made, out)
    except (OSError, FileCreateError) as error:
        raise Refused("form-not-writable", path=str(out), reason=str(error)) from error
