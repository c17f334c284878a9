"""Every recipe of the corpus, and every image built from one."""
from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.corpus import damage, genisoimage, mkudffs, others, own, xorriso
from tests.corpus.recipe import Recipe
from tests.vm import guest
from tests.vm.debian import NoGuest


def recipes() -> tuple[Recipe, ...]:
    """In the order of the table."""
    found = [recipe for module in (genisoimage, xorriso, others, mkudffs, own, damage) for recipe in module.recipes()]
    assert len({recipe.name for recipe in found}) == len(found), "two recipes of one name"
    return tuple(found)


def build(wanted: Sequence[Recipe], folder: Path) -> dict[str, Path]:
    """The images, one in each folder of its recipe's name; those that want it are filled in one boot of the guest.

    Raises: subprocess.CalledProcessError, NoGuest.
    """
    def one(recipe: Recipe) -> Path:
        place = folder / recipe.name
        place.mkdir(parents=True)
        return recipe.build(place)

    with ThreadPoolExecutor(2) as pool:
        images = dict(zip((recipe.name for recipe in wanted), pool.map(one, wanted), strict=True))
    writable = [recipe for recipe in wanted if recipe.fill]
    jobs = [guest.Fill(images[recipe.name], recipe.fill) for recipe in writable]
    answers = guest.run(jobs, folder / "boot", mkudffs.PAYLOAD) if jobs else []
    for recipe, answer in zip(writable, answers, strict=True):
        if answer.failed:
            raise NoGuest(f"The kernel did not fill {recipe.name}: {answer.said}")
    for recipe in wanted:
        if recipe.damage is not None:
            recipe.damage(images[recipe.name])
    return images
