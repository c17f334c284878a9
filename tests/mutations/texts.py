"""Mutations of texts: lists of digests, cells of forms, the catalogues of a transfer carrier."""
from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

from carriers.model import CarrierId, CarrierKind
from checks.bind import Choice, bind
from checks.catalogues import against, look_into
from checks.form import form_of
from tests.checks import mutations, test_form_fuzz, test_list_damage
from tests.transfer_kit import carrier_2012
from tests.vectors_kit import digest

Trial = Callable[[random.Random], str]
_IDENTITY = CarrierId(CarrierKind.DISC, "", "J010", "", 1 << 20, "")


def trials(folder: Path) -> Iterator[tuple[str, Trial]]:
    """One for each layout of lists, each sample of cells, and the catalogues."""
    for tool in test_list_damage.LISTS:
        yield f"list-{tool}", lambda chance, tool=tool: _list(folder, tool, chance)            # type: ignore[misc]
    for name in ("NATIONAL", "WHOLE", "COLUMNS"):
        yield f"cells-{name.lower()}", lambda chance, name=name: _cells(name, chance)          # type: ignore[misc]
    yield "catalogues", _catalogues


def _list(folder: Path, tool: str, chance: random.Random) -> str:
    return "read" if test_list_damage.hurt(folder, tool, chance.randrange(1 << 60)) else "refused"


def _cells(name: str, chance: random.Random) -> str:
    trusted = test_form_fuzz.fuzz(getattr(test_form_fuzz, name), [chance.randrange(1 << 60)])
    return "trusted" if trusted else "none trusted"


def _catalogues(chance: random.Random) -> str:
    """What is read before the pass, held against a form that lists the sound carrier."""
    contents = next(mutations.carriers(chance.randrange(1 << 60), 1))
    held = mutations.Held(contents)
    form = form_of("".join(f"{digest(raw)}  {path}\n" for path, raw in carrier_2012().items()).encode(), "list.md5")
    enclosed = look_into(held, held.layout)
    binding = bind(form, _IDENTITY, held.layout, Choice(profile="transfer"))
    said = [*enclosed.findings, *against(enclosed, held.layout, form, binding, "transfer")]
    return "classified" if enclosed.classified else "differs" if said else "sound"
