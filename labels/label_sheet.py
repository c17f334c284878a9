"""Sheets of labels on common stock: disk labels and spine strips set into the cells of a bought A4 sheet.

Takes the pieces and the stock's measures (configuration), gives a PDF; relies on the pieces to draw themselves. A
half-used sheet is used from the first free cell on.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NamedTuple

from labels.page import MM, Box, Sheet


@dataclass(frozen=True, slots=True)
class Stock:
    """A sheet of labels, in mm. pitch: from the edge of one cell to the same edge of the next.

    Raises: ValueError where the cells do not lie beside each other on an A4 sheet.
    """

    columns: int
    rows: int
    left: float
    top: float
    width: float
    height: float
    pitch_x: float
    pitch_y: float

    def __post_init__(self) -> None:
        right = self.left + (self.columns - 1) * self.pitch_x + self.width
        bottom = self.top + (self.rows - 1) * self.pitch_y + self.height
        beside = (self.pitch_x >= self.width or self.columns == 1) and (self.pitch_y >= self.height or self.rows == 1)
        inside = self.left >= 0 and self.top >= 0 and right <= 210.05 and bottom <= 297.05
        if not (self.columns > 0 and self.rows > 0 and self.width > 0 and self.height > 0 and beside and inside):
            raise ValueError("cells outside the sheet or over each other")

    def takes(self, piece: Piece) -> bool:
        """Whether a piece goes into a cell."""
        return piece.width <= self.width * MM + 0.1 and piece.height <= self.height * MM + 0.1

    def cells(self, start: int) -> Iterator[tuple[int, Box]]:
        """Page (from 0) and cell, row by row, from the start-th cell of the first page on."""
        number = start - 1
        while True:
            page, place = divmod(number, self.columns * self.rows)
            row, column = divmod(place, self.columns)
            yield page, Box((self.left + column * self.pitch_x) * MM, (self.top + row * self.pitch_y) * MM,
                            self.width * MM, self.height * MM)
            number += 1


class Piece(NamedTuple):
    """A label by its size in points, and how it is drawn into a box of that size."""

    width: float
    height: float
    paint: Callable[[Sheet, Box], None]


class StockUse(NamedTuple):
    """One use of a stock. start: the first free cell, from 1. offset_mm: what the printer is off, right and down.

    head_sha256: of the decision's line in the register.
    """

    stock: Stock
    start: int
    title: str
    at: str
    offset_mm: tuple[float, float] = (0.0, 0.0)
    head_sha256: str = ""


def draw_label_sheet(pieces: Sequence[Piece], target: str | Path | IO[bytes], use: StockUse) -> tuple[str, ...]:
    """Draw each piece in the middle of a cell of its own.

    Returns: code points that no installed font has. Raises: ValueError for a piece larger than the cell or a start
    outside the sheet; Refused("font-missing").
    """
    stock = use.stock
    if not 1 <= use.start <= stock.columns * stock.rows:
        raise ValueError("no such cell on the sheet")
    sheet = Sheet(target, use.title, use.at)
    sheet.bears(use.head_sha256)
    before = 0
    sheet.shift(use.offset_mm[0] * MM, use.offset_mm[1] * MM)
    for piece, (page, cell) in zip(pieces, stock.cells(use.start), strict=False):
        if not stock.takes(piece):
            raise ValueError("the label is larger than the cell")
        if page > before:
            sheet.next_page()
            sheet.shift(use.offset_mm[0] * MM, use.offset_mm[1] * MM)
            before = page
        piece.paint(sheet, Box(cell.left + (cell.width - piece.width) / 2, cell.top + (cell.height - piece.height) / 2,
                               piece.width, piece.height))
    sheet.save()
    return tuple(sorted(sheet.missing))
