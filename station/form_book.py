"""The workbook 备份情况表 itself: 情况表, 续表, 载体目录, 公文明细, and a page that explains them with an example.

Takes what is known, gives sheets of an xlsxwriter workbook that people fill in and `checks` reads back; relies on
`form_sheets.toml` for everything that stands on them. A blank required field is a field missing, so what a programme
cannot know stands in brackets until somebody writes it (`checks.fields`).
"""
from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from checks.normalise import words

_FILE = Path(__file__).with_name("form_sheets.toml")
# num_format 49: text, by its own number (ECMA-376-1 §18.8.30)
_TEXT: dict[str, Any] = {"font_name": "宋体", "font_size": 11, "num_format": 49, "valign": "vcenter"}
_LOOKS: dict[str, dict[str, Any]] = {
    "title": {"bold": True, "font_size": 18, "align": "center"},
    "heading": {"bold": True, "border": 1, "text_wrap": True, "align": "center", "bg_color": "#E8EEF4"},
    "label": {"bold": True, "border": 1},
    "value": {"border": 1, "text_wrap": True},
    "text": {"border": 1},
    "number": {"border": 1, "num_format": "0"},
    "note": {"font_color": "#666666", "text_wrap": True, "font_size": 10},
    "typed": {},                                        # of cells to be written on: text, so that no digest is lost
    "plain": {"text_wrap": True},
    "warning": {"bold": True, "font_color": "#C00000", "font_size": 14},
}
_A4, _LAST_ROW, _LISTED_ROWS = 9, 1_048_575, 1_048_575
_DIGEST_RULE = "=OR(LEN({0})=32,LEN({0})=40,LEN({0})=64)"

Row = Mapping[str, str | int]


@cache
def _layout() -> Mapping[str, Any]:
    return tomllib.loads(_FILE.read_text(encoding="utf-8"))


@cache
def labels() -> Mapping[str, str]:
    """Identifier → label of every field of the 情况表, in the order of the paper."""
    known: Mapping[str, Sequence[str]] = words()["fields"]
    order = dict.fromkeys([*(row["field"] for row in _layout()["summary"]), *known])
    return {name: known[name][0] for name in order}


def columns(sheet: str) -> tuple[str, ...]:
    """The identifiers of the columns of a table ("续表", "载体目录", "公文明细")."""
    return tuple(column["id"] for column in _table(sheet)["columns"])


def _table(name: str) -> Mapping[str, Any]:
    return next(table for table in _layout()["table"] if table["name"] == name)


class FormBook:
    """One workbook under the hand. Sheets are written once, in the order of the methods, each row by row."""

    def __init__(self, workbook: Workbook) -> None:
        self._workbook = workbook
        self._looks: dict[str, Format] = {name: workbook.add_format(_TEXT | look) for name, look in _LOOKS.items()}

    def summary(self, fields: Mapping[str, str], *, known_only: bool) -> None:
        """The 情况表. known_only: a required field without a value is written in brackets, and is not missing yet."""
        layout, required = _layout(), set(words()["required"]["fields"])
        sheet = self._sheet("情况表", layout["title"], fields)
        self._three_columns(sheet)
        sheet.set_row(0, 32)
        sheet.merge_range(0, 0, 0, 2, layout["title"], self._looks["title"])
        sheet.merge_range(1, 0, 1, 2, layout["known_only" if known_only else "fill_in"], self._looks["note"])
        sheet.freeze_panes(2, 1)
        sheet.fit_to_pages(1, 1)
        rows = {row["field"]: row for row in layout["summary"]}
        names = [name for name in labels() if name in rows or fields.get(name)]
        for at, name in enumerate(names, 2):
            row, text, label = rows.get(name, {}), fields.get(name, ""), labels()[name]
            if known_only and not text and (name in required or not fields):
                label = f"({label})"
            sheet.write_string(at, 0, label + "*" * (name in required), self._looks["label"])
            self._cell(sheet, (at, 1), text, "value")
            if note := row.get("note"):
                sheet.write_string(at, 2, "※ " + note, self._looks["note"])
            if "list" in row:
                self._offer(sheet, (at, 1, at, 1), row)

    def table(self, name: str, rows: Iterable[Row], fields: Mapping[str, str], *, blank: bool = False) -> None:
        """One of the tables; `seq` is counted here. blank: with empty lines to write on."""
        table = _table(name)
        sheet = self._sheet(name, table["title"], fields)
        sheet.set_default_row(20)
        sheet.set_landscape()
        sheet.repeat_rows(0)
        sheet.set_row(0, 32)
        sheet.freeze_panes(1, 0)
        sheet.fit_to_pages(1, 0)
        for at, column in enumerate(table["columns"]):
            sheet.set_column(at, at, column["width"], None if column.get("number") else self._looks["typed"])
            self._heading(sheet, at, column)
            cell = f"{xl_col_to_name(at)}2"
            if "list" in column:
                self._offer(sheet, (1, at, _LAST_ROW, at), column)
            elif column.get("digest"):
                sheet.data_validation(1, at, _LAST_ROW, at, {
                    "validate": "custom", "value": _DIGEST_RULE.format(cell), "error_type": "warning",
                    "error_title": column["label"], "error_message": column["note"]})
        last = 0
        for last, row in enumerate(rows, 1):
            self._row(sheet, last, table["columns"], {"seq": last, **row})
        for at in range(last + 1, table["blank_rows"] + 1 if blank else 0):
            self._row(sheet, at, table["columns"], {})

    def explanation(self) -> None:
        """The last page: how to fill the others in, with an example of each. It says of itself that it is no data."""
        layout = _layout()
        sheet = self._sheet("填写说明", layout["title"], {})
        self._three_columns(sheet)
        sheet.fit_to_pages(1, 0)
        sheet.protect()
        sheet.write_string(0, 0, layout["not_submitted"], self._looks["warning"])
        at = 2
        for text in layout["explanations"]:
            sheet.set_row(at, 20 * (1 + len(text) // 56))
            sheet.merge_range(at, 0, at, 2, text, self._looks["plain"])
            at += 1
        summary = [{"label": labels()[row["field"]], **row} for row in layout["summary"]]
        for name, rows in (("情况表", summary), *((table["name"], table["columns"]) for table in layout["table"])):
            sheet.write_string(at + 1, 0, layout["example"].format(name=name), self._looks["warning"])
            at += 2
            for row in rows:
                sheet.write_string(at, 0, row["label"], self._looks["label"])
                self._cell(sheet, (at, 1), row.get("example", "1"), "value")
                sheet.write_string(at, 2, row.get("note", ""), self._looks["note"])
                at += 1

    def _three_columns(self, sheet: Worksheet) -> None:
        for at, width in enumerate((26, 46, 44)):
            sheet.set_column(at, at, width, self._looks["plain"])
        sheet.set_default_row(20)

    def _sheet(self, name: str, title: str, fields: Mapping[str, str]) -> Worksheet:
        """A sheet of A4 whose printed pages carry title, unit and the places for stamp and signatures."""
        layout, sheet = _layout(), self._workbook.add_worksheet(name)
        unit = fields.get("unit_name", "")[:60].replace("&", "&&")
        sheet.set_paper(_A4)
        sheet.set_margins(left=0.6, right=0.6, top=0.9, bottom=1.1)
        sheet.set_header(f"&L{unit}&C{'' if name == '情况表' else title}&R&P / &N")
        sheet.set_footer(f"&L{layout['foot_left']}&C{layout['foot_middle']}&R{layout['foot_right']}")
        return sheet

    def _heading(self, sheet: Worksheet, at: int, column: Mapping[str, Any]) -> None:
        sheet.write_string(0, at, column["label"] + "*" * column.get("required", False), self._looks["heading"])
        if "note" in column:
            sheet.write_comment(0, at, column["note"], {"author": _layout()["comment_author"], "x_scale": 1.6})

    def _row(self, sheet: Worksheet, at: int, described: Sequence[Mapping[str, Any]], row: Row) -> None:
        for column, cell in enumerate(described):
            written = row.get(cell["id"], "")
            if isinstance(written, int):
                sheet.write_number(at, column, written, self._looks["number"])
            else:
                self._cell(sheet, (at, column), written, "text")

    def _cell(self, sheet: Worksheet, place: tuple[int, int], text: str, look: str) -> None:
        """Always text: a number would lose digits and zeros."""
        if text:
            sheet.write_string(*place, text, self._looks[look])
        else:
            sheet.write_blank(*place, None, self._looks[look])

    def _offer(self, sheet: Worksheet, place: tuple[int, int, int, int], described: Mapping[str, Any]) -> None:
        """A list to choose from. Other words may be written, but where the field says what they are stopped by."""
        rule = {"validate": "list", "source": _layout()["lists"][described["list"]],
                "error_type": "stop" if "stop" in described else "warning"}
        if message := described.get("stop"):
            rule["error_message"] = message
        sheet.data_validation(*place, rule)
