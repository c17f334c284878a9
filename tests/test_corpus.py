"""The corpus: every image is read as it must be, and every difference from other people's readers has its reason."""
from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path

import pytest

from tests.corpus import building, document, survey, witnesses
from tests.corpus.survey import Row

RECIPES = {recipe.name: recipe for recipe in building.recipes()}


@pytest.fixture(scope="session")
def rows() -> dict[str, Row]:
    """Built, read and witnessed once; a witness that cannot be had fails every test with its reason."""
    with tempfile.TemporaryDirectory() as folder:           # 150 MB, which nobody needs afterwards
        return {row.recipe.name: row for row in survey.survey(tuple(RECIPES.values()), Path(folder))}


def test_the_corpus_is_wide() -> None:
    assert len(RECIPES) >= 120
    assert len({recipe.maker for recipe in RECIPES.values()}) >= 6


@pytest.mark.parametrize("name", RECIPES)
def test_our_reader_says_what_is_true(rows: dict[str, Row], name: str) -> None:
    row = rows[name]
    recipe, ours = row.recipe, row.ours
    assert ours.layers == recipe.layers
    assert ours.findings == recipe.findings
    truth = survey.vouched(recipe.truth, ours.files)
    assert ours.files == truth
    for tree, files in ours.trees.items():
        if tree in recipe.trees:
            assert files == survey.vouched(recipe.trees[tree], files)
        else:
            assert Counter(files.values()) == Counter(truth.values()), tree


@pytest.mark.parametrize("witness", witnesses.WITNESSES)
def test_every_difference_has_its_reason(rows: dict[str, Row], witness: str) -> None:
    assert [(row.recipe.name, sorted(kinds)) for row, name, kinds in survey.unrecorded([*rows.values()])
            if name == witness] == []


def test_every_recorded_difference_occurs(rows: dict[str, Row]) -> None:
    assert survey.outdated([*rows.values()]) == []


def test_the_document_is_of_today(rows: dict[str, Row]) -> None:
    """`./run corpus` writes it."""
    written = document.DOCUMENT.read_text("utf-8")
    assert written[written.index(document.BODY):] == document.body([*rows.values()])
