"""The comparison bites: each kind of difference is told from the others, no record is too wide or too old."""
from __future__ import annotations

from pathlib import Path

import pytest

from tests.corpus import survey
from tests.corpus.reading import UNREAD, Reading, View
from tests.corpus.recipe import Recipe
from tests.corpus.survey import Difference, Ours, Row

OURS = {"a": "1", "b": "2", "c": "3"}


def row(*views: View, witness: str = "bsdtar", layers: tuple[str, ...] = ("ISO 9660",), **claims: str) -> Row:
    tree = "UDF" if layers[0].startswith("UDF") else layers[0]
    recipe = Recipe("image", "maker", "", lambda folder: Path(), OURS, layers)
    return Row(recipe, Ours(layers, OURS, {tree: OURS}, {}), {witness: Reading(views, False, "", claims)})


@pytest.mark.parametrize(("seen", "kinds"), [
    (OURS, {}),
    ({"a": "1", "b": "2"}, {"missing": 1}),
    ({**OURS, "d": "4"}, {"extra": 1}),
    ({**OURS, "c": "4"}, {"differs": 1}),
    ({**OURS, "c": UNREAD}, {"differs": 1}),
    ({"a": "1", "b": "2", "C": "3"}, {"names": 1}),
    ({"a": "1", "b": "2", "C": "3", "D": "3"}, {"names": 1, "extra": 1}),
    ({"a": "1", "b": "2", "C": "4"}, {"missing": 1, "extra": 1}),
    ({}, {"missing": 3}),
])
def test_each_kind_of_difference(seen: dict[str, str], kinds: dict[str, int]) -> None:
    (likeness,) = survey.likenesses(row(View("", seen)), "bsdtar")
    assert likeness.kinds == kinds
    assert likeness.right == sum(seen.get(path) == digest for path, digest in OURS.items())
    assert survey.kinds_of(row(View("", seen)), "bsdtar") == frozenset(kinds)


def test_a_refusal_is_a_difference_where_there_is_something_to_show() -> None:
    assert survey.kinds_of(row(), "bsdtar") == {"refuses"}
    assert survey.kinds_of(row(witness="libudfread"), "libudfread") == frozenset()
    assert survey.kinds_of(row(witness="libudfread", layers=("UDF 2.01",)), "libudfread") == {"refuses"}


def test_a_tree_that_one_side_lacks_is_a_difference() -> None:
    iso, udf = View("ISO 9660", OURS), View("UDF", OURS)
    assert survey.kinds_of(row(udf, iso, witness="kernel"), "kernel") == {"no-such-tree"}
    assert survey.kinds_of(row(udf, witness="kernel"), "kernel") == {"no-such-tree", "no ISO 9660"}


@pytest.mark.parametrize(("claims", "kinds"), [
    ({"udfrev": "2.01", "numfiles": "3"}, set()), ({"udfrev": "2.00", "numfiles": "3"}, {"revision"}),
    ({"udfrev": "2.01", "numfiles": "4"}, {"count"}), ({}, {"refuses"})])
def test_what_udfinfo_claims(claims: dict[str, str], kinds: set[str]) -> None:
    assert survey.kinds_of(row(witness="udfinfo", layers=("UDF 2.01",), **claims), "udfinfo") == kinds


def test_a_record_covers_what_it_says_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    record = [Difference(("bsdtar",), ("im*",), frozenset({"missing"}), "why")]
    monkeypatch.setattr(survey, "recorded", lambda: record)
    short, other = row(View("", {"a": "1"})), row(View("", {**OURS, "c": "4"}))
    assert survey.unrecorded([short]) == [] and survey.outdated([short]) == []
    assert [kinds for _, _, kinds in survey.unrecorded([other])] == [{"differs"}]
    assert survey.outdated([other]) == ["bsdtar on image: why"]
    assert survey.outdated([row(View("", OURS))]) == ["bsdtar on image: why"]
    record[:] = [Difference(("bsdtar",), ("im*", "none-*"), frozenset({"missing"}), "why", ("image",))]
    assert len(survey.unrecorded([short])) == 1
    assert survey.outdated([short]) == ["none-*: no such image"]


def test_a_tree_is_confirmed_by_the_very_same_and_by_nothing_less() -> None:
    assert survey.confirmed(row(View("", OURS)), "ISO 9660") == ["bsdtar"]
    assert survey.confirmed(row(View("", {**OURS, "d": "4"})), "ISO 9660") == []
    assert survey.confirmed(row(View("UDF", OURS)), "ISO 9660") == []


def test_the_record_of_the_project_is_whole() -> None:
    assert all(difference.reason.endswith(".") and difference.kinds for difference in survey.recorded())
