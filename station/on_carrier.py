"""What lies on the carrier and belongs to its reference, read before the pass: lists of digests, bags.

Takes an open carrier (or a reading that is kept) and what was handed in; gives the form with the lines of its lists,
and the lists themselves to keep beside the journal, so that a later comparison needs no reading. Relies on
`checks/lists.py` for what a list is.
"""
from __future__ import annotations

import base64
from collections.abc import Iterable
from json.encoder import encode_basestring
from pathlib import Path
from typing import NamedTuple

from carriers.model import Carrier, CarrierId, Structure
from checks.bind import Choice
from checks.form import FormList, FormUnreadable, Scope, SubmittedForm
from checks.lists import Shelf, followed, form_on, lists_on
from station.journal import Journal, read_list

CARRIER = "carrier:"            # what a form's name begins with that lies on the carrier
LISTS_NAME = "lists.jsonl.zst"
_KEPT_AT_MOST = 64              # of lists nobody asked for: each may cost a disc a long seek


class OnCarrier(NamedTuple):
    """form: with the lines of the lists it names; None = there is none. lists: that were read.

    found: names of lists on a carrier that has no form; algorithms: that they would need.
    """

    form: SubmittedForm | None
    lists: tuple[FormList, ...] = ()
    found: tuple[str, ...] = ()
    algorithms: tuple[str, ...] = ()


def on_carrier(carrier: Carrier, structure: Structure, form: SubmittedForm | None, choice: Choice) -> OnCarrier:
    """Read the lists on a carrier that its form names or that are its form; without a form a few, to keep them.

    Raises: FormUnreadable where the reference cannot be read at all; DriveLost, CarrierChanged.
    """
    shelf = Shelf(structure, carrier.content)
    if form is None and choice.lists is None:
        return _kept_for_later(shelf)
    form = reference(shelf, carrier.identify(), form, choice)
    return OnCarrier(form, form.lists)


def reference(shelf: Shelf, identity: CarrierId, form: SubmittedForm | None, choice: Choice) -> SubmittedForm:
    """The form with the lines of its lists; where it lies on the carrier itself, as `choice.lists` says.

    Raises: FormUnreadable.
    """
    if form is None:
        return form_on(shelf, choice.lists or "", CARRIER)
    if form.lists or all(form.lines.scope(line) is not Scope.LIST for line in range(len(form.lines))):
        return form
    return followed(form, identity, shelf, choice)


def _kept_for_later(shelf: Shelf) -> OnCarrier:
    found = tuple(lists_on(shelf.structure))
    if not 0 < len(found) <= _KEPT_AT_MOST:
        return OnCarrier(None, (), found)
    try:
        form = form_on(shelf, "", CARRIER)
    except FormUnreadable:                                     # it is said when somebody asks for it
        return OnCarrier(None, (), found)
    return OnCarrier(None, form.lists, found, form.lines.algorithms())


def keep_lists(journal: Journal, lists: Iterable[FormList]) -> str:
    """Keep lists beside the journal; durable on return. Returns the SHA-256 of what was written, "" = no lists."""
    rows = [f'{{"path":{encode_basestring(each.path)},"sha256":"{each.sha256}",'
            f'"content":"{base64.b64encode(each.content).decode()}"}}' for each in lists]
    return journal.write_list(LISTS_NAME, iter(rows)) if rows else ""


def kept_shelf(folder: Path, structure: Structure) -> tuple[Shelf, tuple[FormList, ...]]:
    """The lists kept beside a journal, as if they lay on the carrier; a list that was not kept is `not-kept`.

    Raises: RegisterError("journal-broken").
    """
    rows = list(read_list(folder / LISTS_NAME)) if (folder / LISTS_NAME).exists() else []
    kept = {row["path"]: base64.b64decode(row["content"]) for row in rows}
    paths = structure.files.paths if structure.files is not None else []
    lists = tuple(FormList(row["path"], row["sha256"], "", 0, kept[row["path"]]) for row in rows)
    return Shelf(structure, lambda number: kept.get(paths[number]), "not-kept"), lists
