"""The surface map and the speed curve of one pass, as vector drawings that a black and white printer shows.

Takes the points of `Speed.surface`, draws on a `Sheet`; relies on nothing else. Unreadable is a black square,
slow a crossed one, read an empty one: no meaning lies in a colour.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median

from labels.page import Box, Sheet, text_width
from labels.sentences import gigabytes, say

Surface = Sequence[tuple[int, float, int]]                      # [first byte, MB/s, unreadable blocks]
Painter = Callable[[Sheet, Box, Surface, int], None]            # end: bytes of the carrier
CURVE_HEIGHT = 96.0
_ACROSS = 100                       # squares in a line of the map
_SQUARE = 4.6
_LEGEND = 13.0
_SMALL = 8.0
_GREY = 0.45


def map_height(points: int) -> float:
    """How high the map of so many points is, with its legend."""
    return -(-points // _ACROSS) * _SQUARE + _LEGEND + 6


def _slow_below(surface: Surface) -> float:
    speeds = [speed for _, speed, bad in surface if speed > 0 and not bad]
    return median(speeds) / 2 if speeds else 0.0


def surface_map(sheet: Sheet, box: Box, surface: Surface, end: int) -> None:
    """One square per point, in reading order from the upper left; legend below."""
    slow, step = _slow_below(surface), box.width / _ACROSS
    for number, (_, speed, bad) in enumerate(surface):
        line, place = divmod(number, _ACROSS)
        _square(sheet, Box(box.left + place * step, box.top + 2 + line * _SQUARE, step, _SQUARE), bad > 0, speed < slow)
    top, left = box.top + box.height - _LEGEND, box.left
    for key, bad, is_slow in (("good", False, False), ("slow", False, True), ("bad", True, False)):
        _square(sheet, Box(left, top + 4, 6, 6), bad, is_slow)
        text = say(f"pictures.{key}")
        sheet.aligned(Box(left + 10, top, 100, _LEGEND), text, _SMALL)
        left += 10 + text_width(text, _SMALL) + 22
    sheet.aligned(Box(box.left, top, box.width, _LEGEND), f"0 – {gigabytes(end)} GB", _SMALL, "right")


def _square(sheet: Sheet, box: Box, bad: bool, slow: bool) -> None:
    inner = box.inside(0.4, 0.4)
    right, bottom = inner.left + inner.width, inner.top + inner.height
    if bad:
        sheet.rect(inner, 0.3, 0.0)
        return
    sheet.rect(inner, 0.3)
    if slow:
        sheet.path(((inner.left, bottom), (right, inner.top)), 0.5)
        sheet.path(((inner.left, inner.top), (right, bottom)), 0.5)


def speed_curve(sheet: Sheet, box: Box, surface: Surface, end: int) -> None:
    """MB/s over the place on the carrier; where blocks were unreadable a triangle stands above the curve."""
    plot = Box(box.left + 34, box.top + 12, box.width - 44, box.height - 36)
    top = _round_up(max((speed for _, speed, _ in surface), default=0.0))
    bottom, whole = plot.top + plot.height, max(end, 1)
    for part in range(5):
        level = bottom - plot.height * part / 4
        sheet.path(((plot.left, level), (plot.left + plot.width, level)), 0.6 if part == 0 else 0.25,
                   0 if part == 0 else 1.5)
        sheet.aligned(Box(box.left, level - 5, 30, 10), f"{top * part / 4:g}", _SMALL, "right")
        place = plot.left + plot.width * part / 4
        sheet.path(((place, bottom), (place, bottom + 2.5)), 0.5)
        number = gigabytes(whole * part // 4)
        wide = text_width(number, _SMALL)
        left = min(place - wide / 2, box.left + box.width - wide)                       # the last one keeps inside
        sheet.text(left, bottom + 11, number, _SMALL)
    sheet.path(((plot.left, plot.top), (plot.left, bottom)), 0.6)
    points = [(plot.left + plot.width * first / whole, bottom - plot.height * min(speed, top) / top)
              for first, speed, _ in surface]
    if len(points) > 1:
        sheet.path(points, 0.8)
    for (left, _), (_, _, bad) in zip(points, surface, strict=True):
        if bad:
            sheet.path(((left - 2.5, plot.top - 6), (left + 2.5, plot.top - 6), (left, plot.top - 1)), closed=True)
    sheet.aligned(Box(box.left, box.top, 60, 10), say("pictures.unit"), _SMALL)
    below = Box(box.left, box.top + box.height - 12, box.width, 10)
    sheet.aligned(below, say("pictures.place"), _SMALL, "center")
    if any(bad for _, _, bad in surface):
        sheet.aligned(below, say("pictures.curve_bad"), _SMALL, "right")


def _round_up(value: float) -> float:
    """The next plain number above a value that four parts divide well: the end of an axis."""
    step = 1.0
    while True:
        for factor in (1, 1.2, 1.6, 2, 2.4, 3.2, 4, 6, 8):
            if value <= step * factor:
                return step * factor
        step *= 10
