"""The test grid: an A4 sheet from which a ruler tells how far a printer is off, for the offsets of 套打.

Takes a queue's name and its offset, gives a PDF; relies on `page.Sheet`. Printed with the offset that is configured,
so that a second sheet proves the first one's numbers.
"""
from __future__ import annotations

from pathlib import Path
from typing import IO

from labels.page import A4, MM, Box, Sheet
from labels.sentences import say

_CORNERS = ((50, 50), (160, 50), (50, 247), (160, 247))       # mm from the left and upper edge


def draw_print_grid(target: str | Path | IO[bytes], queue: str, offset_mm: tuple[float, float], at: str
                    ) -> tuple[str, ...]:
    """Draw the grid: lines every 10 mm, two rulers with every mm, four crosses with the place they should have.

    offset_mm: right and down, already applied to all of it. Returns: code points that no installed font has.
    """
    sheet = Sheet(target, say("grid.title"), at)
    sheet.shift(offset_mm[0] * MM, offset_mm[1] * MM)
    for mm in range(20, 200, 10):
        sheet.path(((mm * MM, 20 * MM), (mm * MM, 277 * MM)), 0.2)
        sheet.text(mm * MM + 1, 19 * MM, str(mm), 7)
    for mm in range(20, 280, 10):
        sheet.path(((20 * MM, mm * MM), (190 * MM, mm * MM)), 0.2)
        sheet.text(13 * MM, mm * MM + 2.5, str(mm), 7)
    for mm in range(20, 191):
        sheet.path(((mm * MM, 140 * MM), (mm * MM, (140 - (3 if mm % 5 == 0 else 1.5)) * MM)), 0.25)
    for mm in range(20, 278):
        sheet.path(((100 * MM, mm * MM), ((100 - (3 if mm % 5 == 0 else 1.5)) * MM, mm * MM)), 0.25)
    for left, top in _CORNERS:
        sheet.path((((left - 6) * MM, top * MM), ((left + 6) * MM, top * MM)), 1.0)
        sheet.path(((left * MM, (top - 6) * MM), (left * MM, (top + 6) * MM)), 1.0)
        sheet.rect(Box((left + 1) * MM, (top + 1) * MM, 24 * MM, 6 * MM), 0, 1.0)
        sheet.text((left + 2) * MM, (top + 5.5) * MM, say("grid.place", left=left, top=top), 8)
    room = Box(56 * MM, 150 * MM, 100 * MM, 40 * MM)
    sheet.rect(room, 0.8, 1.0)
    text = say("grid.text", queue=queue or say("grid.any"), right=f"{offset_mm[0]:+.1f}", down=f"{offset_mm[1]:+.1f}")
    sheet.cell(room.inside(4, 2), sheet.covered(text), "…")
    sheet.rect(Box(0, 0, *A4).inside(20 * MM, 20 * MM), 0.6)
    sheet.save()
    return tuple(sorted(sheet.missing))
