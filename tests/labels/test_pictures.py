"""The surface map and the speed curve: every point drawn, the bad ones black."""
from __future__ import annotations

import io

import pdfplumber

from labels.page import Box, Sheet
from labels.pictures import CURVE_HEIGHT, map_height, speed_curve, surface_map
from tests.labels.paper_samples import surface


def _drawn(points: tuple[tuple[int, float, int], ...]) -> pdfplumber.page.Page:
    target = io.BytesIO()
    sheet = Sheet(target, "", "2025-05-07T02:10:11Z")
    end = points[-1][0] + 1
    surface_map(sheet, Box(50, 50, 480, map_height(len(points))), points, end)
    speed_curve(sheet, Box(50, 300, 480, CURVE_HEIGHT), points, end)
    sheet.save()
    target.seek(0)
    return pdfplumber.open(target).pages[0]


def test_every_point_has_a_square_and_the_unreadable_ones_are_black() -> None:
    page = _drawn(surface(4_000_000_000, bad=(7, 8), slow=(9,)))
    assert len(page.rects) == 400 + 3                                          # and three of the legend
    assert len([r for r in page.rects if r["fill"]]) == 2 + 1
    assert len([c for c in page.curves if c["fill"]]) == 2                     # triangles over the curve
    assert max(r["x1"] for r in page.rects) <= 530


def test_one_point_and_no_speed_are_drawn_too() -> None:
    assert len(_drawn(((0, 0.0, 1),)).rects) == 1 + 3
