"""Numbers of carriers: which a form announces, which of them nobody has brought, where its own numbers disagree.

Takes the fields of the 情况表 and the numbers of the 载体目录, gives what keeps a batch open. Relies on `spoken.py` for
what makes two numbers one. Source: domain §3.5 (sets), §5.1.1 (载体起止编号, 载体数量, 套数), §5.3 (numbering).
"""
from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from checks.normalise import declared_count
from checks.spoken import number_key, same_number, set_of, without_set

MOST_NUMBERS = 2000                 # of one batch; a range with more is a slip of the pen
_SHOWN = 12
_COUNTED = re.compile(r"(.*?)(\d{1,9})")


def announced(fields: Mapping[str, str], carriers: Sequence[str]) -> tuple[str, ...]:
    """The numbers that a form announces: of its 载体目录, else of its 载体起止编号; () = it names none."""
    return tuple(carriers) or _range(fields)


def open_numbers(fields: Mapping[str, str], carriers: Sequence[str], read: Iterable[str]
                 ) -> Iterator[tuple[str, dict[str, str]]]:
    """Why the numbers keep a batch open: carriers nobody has read, copies and numbers that the form itself leaves out.

    read: numbers of the carriers that were read. Yields: a key of `phrases.toml` with its facts.
    """
    wanted = announced(fields, carriers)
    read = list(read)
    absent = [number for number in wanted if not _answered(number, wanted, read)]
    if len(wanted) == 1 and not carriers and read:             # packages may be numbered otherwise than their carrier
        absent = []
    yield from (("open-carrier-absent", {"carrier": number}) for number in absent[:_SHOWN])
    if len(absent) > _SHOWN:
        yield "open-carriers-absent", {"count": str(len(absent) - _SHOWN), "last": absent[-1]}
    if not carriers:
        return
    count = declared_count(fields.get("carrier_count", ""))
    stems = Counter(map(without_set, dict.fromkeys(carriers)))
    lacking = [n for n in _range(fields) if not _answered(n, wanted, carriers)]
    if count not in (None, len(carriers), len(stems)):
        yield "open-carrier-count", {"declared": str(count), "listed": str(len(carriers))}
    elif lacking and count is None:
        yield "open-numbers-lacking", {"carriers": _named(lacking)}
    sets = declared_count(fields.get("set_count", "")) or 1
    if len(carriers) > len(stems) or sets == 1:                # else the 载体目录 has one row for all copies
        few = [stem for stem, copies in stems.items() if copies < max(sets, *stems.values())]
        if few:
            yield "open-copies-lacking", {"carriers": _named(few), "sets": str(max(sets, *stems.values()))}


def gaps(carriers: Sequence[str]) -> tuple[str, ...]:
    """Numbers between those of a 载体目录 that it leaves out; it may have its reasons."""
    found: list[str] = []
    series: dict[str, list[tuple[int, int]]] = {}
    for number in dict.fromkeys(map(without_set, carriers)):
        if match := _COUNTED.fullmatch(number):
            series.setdefault(match[1], []).append((int(match[2]), len(match[2])))
    for head, members in series.items():
        present = {count for count, _ in members}
        first, last, width = min(present), max(present), members[0][1]
        if last - first < MOST_NUMBERS:
            found += [f"{head}{n:0{width}d}" for n in range(first, last) if n not in present]
    return tuple(found[:_SHOWN])


def _answered(number: str, wanted: Sequence[str], read: Sequence[str]) -> bool:
    """Whether a reading is of this number; where it is the only copy, the set letter may be missing on one side."""
    only = sum(without_set(number) == without_set(other) for other in wanted) == 1
    return any(number_key(number) == number_key(other) or only and same_number(number, other) for other in read)


def _range(fields: Mapping[str, str]) -> tuple[str, ...]:
    """All numbers from 载体起始编号 to 载体终止编号, in every copy; () where these cannot be counted through."""
    first, last = fields.get("carrier_from", ""), fields.get("carrier_to", "") or fields.get("carrier_from", "")
    begin, end = _COUNTED.fullmatch(without_set(first)), _COUNTED.fullmatch(without_set(last))
    if begin is None or end is None or not begin[1].endswith(end[1]):          # 至 G002-A: the head is not repeated
        return ()
    count = int(end[2]) - int(begin[2]) + 1
    letters = _letters(set_of(first), set_of(last), declared_count(fields.get("set_count", "")) or 1)
    if not 1 <= count * len(letters) <= MOST_NUMBERS:
        return ()
    stems = (f"{begin[1]}{n:0{len(begin[2])}d}" for n in range(int(begin[2]), int(end[2]) + 1))
    return tuple(f"{stem}-{letter}" if letter else stem for stem in stems for letter in letters)


def _letters(first: str, last: str, sets: int) -> Sequence[str]:
    """The set letters of a range: A to C, or as many as there are sets; [""] = none, "" = they run backwards."""
    if not first and not last and sets <= 1:
        return [""]
    begin = string.ascii_uppercase.index(first or "A")
    end = string.ascii_uppercase.index(last or first or "A") + 1
    return string.ascii_uppercase[begin:max(end, begin + min(sets, 3))] if begin < end else ""


def _named(numbers: Sequence[str]) -> str:
    return "、".join(numbers[:_SHOWN]) + (" …" if len(numbers) > _SHOWN else "")
