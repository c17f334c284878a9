"""Numbers of carriers: what a form announces, who is absent, which copies and numbers it leaves out."""
from __future__ import annotations

import pytest

from station.numbering import MOST_NUMBERS, announced, gaps, open_numbers


def field(first: str, last: str, **more: str) -> dict[str, str]:
    return {"carrier_from": first, "carrier_to": last, **more}


@pytest.mark.parametrize(("fields", "numbers"), [
    (field("G001", "G003"), ("G001", "G002", "G003")),
    (field("J010-2025-01-G001-A", "G002-A"), ("J010-2025-01-G001-A", "J010-2025-01-G002-A")),
    (field("J010_2026_01_G009", "J010-2026-01-G010"), ("J010-2026-01-G009", "J010-2026-01-G010")),
    (field("G1-A", "G1-C"), ("G1-A", "G1-B", "G1-C")),
    (field("G1-A", "G2-A", set_count="2"), ("G1-A", "G1-B", "G2-A", "G2-B")),
    (field("G1", "G1", set_count="3"), ("G1-A", "G1-B", "G1-C")),
    (field("G1-B", "G1-A"), ()), (field("G5", "G1"), ()), (field("G1", "H3"), ()), (field("甲", "乙"), ()),
    (field("", ""), ()), (field("1", "999999999"), ()), (field("1", "9" * 5000), ()),
    (field("G1", f"G{MOST_NUMBERS + 1}"), ()), (field("G7", ""), ("G7",)),
])
def test_the_numbers_of_a_range(fields: dict[str, str], numbers: tuple[str, ...]) -> None:
    assert announced(fields, ()) == numbers


def test_the_list_of_carriers_goes_before_the_range() -> None:
    assert announced(field("G1", "G9"), ("G1", "G3")) == ("G1", "G3")


@pytest.mark.parametrize(("fields", "carriers", "read", "said"), [
    ({}, (), ["G1"], []),
    ({}, ("G1", "G2"), ["G1", "G2"], []),
    ({}, ("G1", "G2"), ["g-1"], ["open-carrier-absent", "open-carrier-absent"]),
    ({}, ("G001", "G002"), ["G001-A", "G002"], []),                        # the only copy: its letter may be missing
    ({}, ("G001-A", "G001-B"), ["G001-A"], ["open-carrier-absent"]),
    ({}, ("G001-A", "G001-B"), ["G001"], ["open-carrier-absent", "open-carrier-absent"]),
    (field("G1", "G3"), (), ["G1", "G3"], ["open-carrier-absent"]),
    (field("G1", "G1"), (), ["package"], []),
    (field("G1", "G3"), ("G1", "G3"), ["G1", "G3"], ["open-numbers-lacking"]),
    (field("G1", "G3", carrier_count="2"), ("G1", "G3"), ["G1", "G3"], []),   # the count says that there is no G2
    (field("G1", "G3", carrier_count="3"), ("G1", "G3"), ["G1", "G3"], ["open-carrier-count"]),
    ({"set_count": "2"}, ("G1-A", "G1-B", "G2-A"), ["G1-A", "G1-B", "G2-A"], ["open-copies-lacking"]),
    ({}, ("G1-A", "G1-B", "G2-A"), ["G1-A", "G1-B", "G2-A"], ["open-copies-lacking"]),
    ({"set_count": "3", "carrier_count": "6"}, tuple(f"G{n}-{s}" for n in "12" for s in "ABC"),
     [f"G{n}-{s}" for n in "12" for s in "ABC"], []),
    ({"set_count": "2"}, ("G1", "G2"), ["G1-A", "G1-B", "G2-A", "G2-B"], []),
])
def test_what_keeps_a_batch_open(fields: dict[str, str], carriers: tuple[str, ...], read: list[str],
                                 said: list[str]) -> None:
    assert [what for what, _ in open_numbers(fields, carriers, read)] == said


def test_of_many_absent_carriers_a_few_are_named() -> None:
    found = list(open_numbers(field("G001", "G100"), (), []))
    assert [what for what, _ in found] == ["open-carrier-absent"] * 12 + ["open-carriers-absent"]
    assert found[-1][1] == {"count": "88", "last": "G100"}


def test_gaps_are_told() -> None:
    assert gaps(("G001-A", "G001-B", "G003-A", "G003-B", "Y01", "Y02")) == ("G002",)
    assert gaps(("G1", "G999999999")) == () == gaps(("甲", "乙"))
