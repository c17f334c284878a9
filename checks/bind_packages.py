"""Binding packages: lines that name no file, but a package or a carrier; and lines over the parts of a package.

Takes a `Work` whose paths are bound, fills in the rest; relies on `parts.py` for which files are the parts.
Source: contract "Binding", "Parts"; domain §5.1.2.
"""
from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from checks.bind_paths import UNBOUND, UNSETTLED, WHOLE_CARRIER, Work
from checks.form import Scope
from checks.names import is_digest_list, is_litter
from checks.parts import Family, last_name


def bind_packages(work: Work) -> None:
    """Bind lines that name no file: to the file called like the package, to the only file, else to the carrier.

    Of several packages without files of their names none is the whole carrier: their content is looked for instead.
    """
    over_parts = [p for p in work.packages if work.form.lines.scope(work.lines[p]) is Scope.PARTS]
    whole = [p for p in work.packages if work.form.lines.scope(work.lines[p]) is not Scope.PARTS] \
        if over_parts else work.packages
    numbers = Counter(work.package_no(p) for p in whole)
    bearers = work.names.packages([*numbers, *(work.package_no(p) for p in (*over_parts, *work.doubtful))])
    paths = work.names.files.paths
    any_file = any(bearers.get(number) for number in numbers)
    content = None if any_file or len(numbers) != 1 else _only_file(paths)
    for position in whole:
        number = work.package_no(position)
        files = bearers[number]
        if len(files) == 1:
            work.targets[position] = files[0]
        elif files:
            work.targets[position] = UNSETTLED
            work.name(position, files)
        elif content is not None:
            work.targets[position] = content
            work.either.add(position)
        elif work.spoken.is_number_of_carrier(number) or (not any_file and len(numbers) == 1):
            work.targets[position] = WHOLE_CARRIER
    for position in over_parts:
        number = work.package_no(position)
        _join_family(work, position, work.families.called(number), bearers[number])
    for position in work.doubtful:
        work.name(position, bearers.get(work.package_no(position), ()))
        if work.form.lines.scope(work.lines[position]) is Scope.PARTS:
            name = last_name(work.path(position)) or work.package_no(position)
            work.name(position, [n for family in work.families.called(name) for n in family.file_nos])
    _bind_lists(work)


def _only_file(paths: Sequence[str]) -> int | None:
    content = []
    for file_no, path in enumerate(paths):
        if not is_litter(path):
            content.append(file_no)
            if len(content) > 1:
                return None
    return content[0] if content else None


def _bind_lists(work: Work) -> None:
    """Bind lines over a list that they do not name: to the only list of digests on the carrier."""
    found = [n for n, path in enumerate(work.names.files.paths) if is_digest_list(path) and not is_litter(path)] \
        if work.lists else []
    for position in work.lists:
        work.targets[position] = found[0] if len(found) == 1 else UNSETTLED


# ------------------------------------------------------------------------------------------------------- parts

def join_parts(work: Work) -> None:
    """Give every line over parts that names them the files that it speaks of, as one joined file."""
    for position, parts in work.parts.items():
        file_no = work.targets[position]
        if not parts.whole:
            _join_listed(work, position, [file_no, *_found(work, position, parts.rest)])
        elif file_no >= 0:
            _join_family(work, position, work.families.of(file_no), [file_no])
        elif file_no == UNBOUND:
            _join_family(work, position, work.families.called(last_name(parts.first)), ())


def _found(work: Work, position: int, names: Iterable[str]) -> Iterator[int]:
    for name in names:
        yield work.names.find(work.place(position, name))[0]


def _join_family(work: Work, position: int, families: Sequence[Family], single: Sequence[int]) -> None:
    """Join the parts of the one package that a line speaks of. single: the files that are it if none has parts."""
    if len(families) == 1 and (single or not work.path(position)):
        reason = "parts-gap" if families[0].gap else ""
        _join(work, position, families[0].file_nos, reason)
    elif len(families) > 1 or len(single) > 1 or families:
        _join(work, position, [n for family in families for n in family.file_nos] or single, "parts-ambiguous")
    else:
        _join(work, position, single, "" if single else "parts-none")


def _join_listed(work: Work, position: int, file_nos: Sequence[int]) -> None:
    """Join the files that a line names one by one, in the order of the parts; as written where they have no numbers."""
    known = [file_no for file_no in file_nos if file_no >= 0]
    if len(known) < len(file_nos):
        work.targets[position] = UNBOUND                        # a part of it does not stand under its name
        work.name(position, known)
        return
    family = next((f for f in work.families.of(known[0]) if set(known) <= set(f.file_nos)), None)
    ordered = sorted(known, key=family.file_nos.index) if family else known
    _join(work, position, ordered, "parts-ambiguous" if len(set(known)) < len(known) else "")


def _join(work: Work, position: int, file_nos: Sequence[int], reason: str) -> None:
    count = work.form.lines.parts.get(work.lines[position], 0)
    if not reason and count and count != len(file_nos):
        reason = "parts-count"
    work.name(position, file_nos)
    if reason:
        work.targets[position] = UNSETTLED
        work.unsettled[position] = reason
    elif len(file_nos) == 1:
        work.targets[position] = file_nos[0]
    else:
        first = len(work.names.files)
        work.targets[position] = first + work.joined.setdefault(tuple(file_nos), len(work.joined))
