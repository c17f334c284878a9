"""Which lines of a form speak of this carrier: by number, label or serial, never by turn in a queue.

Takes the form, what the carrier says it is and the number a person gave; gives a `Spoken`. Relies on `names.py` to
tell a package (a file on the carrier) from a carrier. Source: contract "Binding"; domain §5.1.1, §5.1.3, §10.5.
"""
from __future__ import annotations

import re
import unicodedata
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from carriers.model import CarrierId, CarrierKind, Finding
from checks.form import CarrierLine, Scope, SubmittedForm
from checks.names import Names, is_generic_label
from checks.normalise import declared_count

_CHOICES_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Known:
    """A carrier that the form knows: its number, the package numbers of its lines, its row of the 载体目录."""

    number: str
    package_nos: frozenset[str]
    row: CarrierLine | None = None

    def reads_as(self, text: str) -> bool:
        """Whether a text (label, serial, what a person gave) is this carrier's number, label or serial."""
        if same_number(text, self.number):
            return True
        return self.row is not None and number_key(text) in {number_key(t) for t in (
            self.row.carrier_no, self.row.volume_label, self.row.serial_no) if t} and not _other_set(text, self.number)


@dataclass(frozen=True, slots=True)
class Spoken:
    """Lines of this carrier. perhaps: of them, those that name no carrier and stay only if they are found here.

    left: lines that are not asked for here and that no carrier is known for. findings_say_why: whether the absence
    of lines is explained already.
    """

    lines: array[int]
    carrier_no: str = ""
    set_code: str = ""
    row: CarrierLine | None = None
    perhaps: frozenset[int] = frozenset()
    left: array[int] = field(default_factory=lambda: array("q"))
    findings: tuple[Finding, ...] = ()
    findings_say_why: bool = False

    def is_number_of_carrier(self, text: str) -> bool:
        """Whether a package number is in truth the number of this carrier."""
        return bool(self.carrier_no) and same_number(text, self.carrier_no)


def spoken_lines(form: SubmittedForm, identity: CarrierId, carrier_no: str, names: Names) -> Spoken:
    """Tell which lines speak of this carrier.

    Lines of the 目录 package speak of no carrier and are left out (`Scope.CATALOGUE`).
    Returns: all lines where the form knows one carrier at most; else those of the carrier that `carrier_no`, the
    volume label or the serial reads as, and perhaps those that name none; no lines where it reads as none of them.
    Findings `form-no-lines` (reason not-bound), `check-not-run` (lines without a carrier), and about the label.
    """
    everything = array("q", (i for i in range(len(form.lines)) if form.lines.scope(i) is not Scope.CATALOGUE)) \
        if form.lines.has_scope(Scope.CATALOGUE) else array("q", range(len(form.lines)))
    here = _of_lists_here(form)
    package_nos = dict.fromkeys(map(form.lines.package_no, (i for i in everything if i not in here) if here
                                    else everything))
    package_nos.pop("", None)
    bearers = names.packages(package_nos)
    known, unknown = _known(form, package_nos, bearers)
    asked = [carrier_no] if carrier_no else [identity.volume_label, identity.serial]
    if not known and _are_carriers(form, bearers, asked):
        known, unknown = _merged(list(package_nos)), frozenset()
    if carrier_no and not form.carriers and not any(_alike(carrier_no, k.number) for k in known):
        known = []                                     # numbers of another kind than the one given: of packages
    if len(known) > 1:
        return _one_of(form, identity, (carrier_no, everything), known)
    only = known[0] if known else None
    number = _of_copy(form, identity, carrier_no or (only.number if only else ""))
    said = label_findings(identity, number, known)
    if carrier_no and only and not only.reads_as(carrier_no):
        said.append(Finding("carrier-number-differs", facts={"reason": "not-on-form", "number": carrier_no,
                                                             "label": only.number}))
    spoken = Spoken(everything, number, _set_code(number, only), only.row if only else None, findings=tuple(said))
    if carrier_no or only or not (several := _several(form)) and not unknown:
        return spoken
    if several:                                       # which carrier holds which file, the form does not say
        return Spoken(everything, perhaps=frozenset(everything) - here, findings=spoken.findings)
    lines = array("q", [line for line in everything if form.lines.package_no(line) not in unknown])
    left = array("q", [line for line in everything if form.lines.package_no(line) in unknown])
    unnamed = Finding("check-not-run", facts={"check": "completeness", "reason": "carrier-not-named",
                                              "lines": len(left), "examples": "; ".join(sorted(unknown)[:3])})
    return Spoken(lines, left=left, findings=(*spoken.findings, unnamed))


def _known(form: SubmittedForm, package_nos: Mapping[str, None], bearers: Mapping[str, Sequence[int]]
           ) -> tuple[list[Known], frozenset[str]]:
    """The carriers that a form knows; and numbers beside packages of this carrier: packages or carriers, who knows."""
    rows = [Known(row_number(row), frozenset(p for p in package_nos if _owns(row, p)), row) for row in form.carriers]
    owned = {p for known in rows for p in known.package_nos}
    free = [p for p in package_nos if p not in owned and not bearers.get(p)]
    if rows:
        shapes = {_shape(known.number) for known in rows}
        return rows + [Known(p, frozenset({p})) for p in free if _shape(p) in shapes], frozenset()
    here = len(package_nos) - len(free)
    count = _carriers_per_set(form)
    if count == 1 and len(package_nos) > 1:
        return [], frozenset()
    if not here:
        return _merged(free), frozenset()
    return [], frozenset(free) if count is None else frozenset()


def _are_carriers(form: SubmittedForm, bearers: Mapping[str, Sequence[int]], texts: Sequence[str]) -> bool:
    """Whether numbers that files here bear are numbers of carriers all the same: this carrier calls itself so.

    One carrier, one package, both of one number (`G001`, holding `G001.zip`), as most units count.
    """
    here = [number for number, files in bearers.items() if files]
    return bool(here) and not form.carriers and _carriers_per_set(form) != 1 \
        and all(any(same_number(text, number) for text in texts) for number in here)


def _merged(numbers: Sequence[str]) -> list[Known]:
    """Package numbers that differ only in how they are written are one carrier."""
    groups: dict[str, list[str]] = {}
    for number in numbers:
        groups.setdefault(number_key(number), []).append(number)
    return [Known(members[0], frozenset(members)) for members in groups.values()]


def _one_of(form: SubmittedForm, identity: CarrierId, asked: tuple[str, array[int]], known: Sequence[Known]) -> Spoken:
    """The lines of the one known carrier that this one reads as. asked: its number as given, and the lines."""
    carrier_no, everything = asked
    texts = [carrier_no] if carrier_no else [t for t in (identity.volume_label, identity.serial) if t]
    matches = [k for k in known if any(k.reads_as(t) for t in texts)]
    exact = [k for k in matches if any(number_key(k.number) == number_key(t) for t in texts)]
    matches = exact or matches
    if len({k.package_nos for k in matches}) != 1:
        choices = "、".join([k.number for k in known][:_CHOICES_SHOWN])
        unbound = Finding("form-no-lines", facts={"reason": "not-bound", "label": carrier_no or identity.volume_label,
                                                  "choices": choices})
        return Spoken(array("q"), carrier_no, findings=(*label_findings(identity, carrier_no, known), unbound),
                      findings_say_why=True)
    this = matches[0]
    others = frozenset().union(*(k.package_nos for k in known)) - this.package_nos
    lines = array("q", [i for i in everything if form.lines.package_no(i) not in others])
    perhaps = frozenset(i for i in lines if form.lines.package_no(i) not in this.package_nos) - _of_lists_here(form)
    number = _of_copy(form, identity, carrier_no or this.number)
    row = this.row if len(matches) == 1 else None
    return Spoken(lines, number, _set_code(number, this), row, perhaps,
                  findings=tuple(label_findings(identity, number, known)))


def _of_lists_here(form: SubmittedForm) -> frozenset[int]:
    """The lines of the lists that a form with lines of its own was followed to: those lie on this carrier, and so does
    what they name, whatever numbers they give it; unless the form itself gives such a number to another carrier."""
    own = max(indices.stop for name, indices in form.lines.by_list() if not name)
    return frozenset(range(own, len(form.lines))) if own else frozenset()


def _of_copy(form: SubmittedForm, identity: CarrierId, number: str) -> str:
    """A number with the set letter that the label has, where a form of several copies gives all of them one number."""
    label = identity.volume_label
    copies = (declared_count(form.fields.get("set_count", "")) or 1) > 1 and same_number(label, number)
    return f"{number}-{set_of(label)}" if copies and set_of(label) and not set_of(number) else number


def label_findings(identity: CarrierId, number: str, known: Sequence[Known]) -> list[Finding]:
    """What the volume label says against the number: nothing (`label-generic`), or another number.

    A folder has no label.
    """
    if identity.kind is CarrierKind.FOLDER:
        return []
    label = identity.volume_label
    if is_generic_label(label):
        return [Finding("label-generic", facts={"label": label, "reason": "" if label.strip() else "none"})]
    if not number:
        return []
    mine = [k for k in known if k.reads_as(number)]
    if same_number(label, number) or any(k.reads_as(label) for k in mine):
        return []
    alike = {_shape(number), *(_shape(k.number) for k in mine)} - {""}
    if _shape(label) in alike or any(k.reads_as(label) for k in known):
        return [Finding("carrier-number-differs", facts={"number": number, "label": label})]
    return []


def reads_as_another(text: str, number: str, form: SubmittedForm) -> bool:
    """Whether a text that is not this number reads as another carrier's: it has its shape, or is on the form."""
    return _shape(text) == _shape(number) != "" or any(same_number(text, row.carrier_no) for row in form.carriers)


# ----------------------------------------------------------------------------------------------------- numbers

def number_key(text: str) -> str:
    """A number as it is compared: half width, upper case, every separator the same."""
    plain = unicodedata.normalize("NFKC", text).upper()
    return re.sub(r"[-_\s.·•・‐-―]+", "-", plain).strip("-")


def same_number(a: str, b: str) -> bool:
    """Whether two texts are the same carrier number; the set letter at the end may be missing in one of them."""
    key, other = number_key(a), number_key(b)
    if not key or not other:
        return False
    if key == other:
        return True
    return bool(_letter(key)) != bool(_letter(other)) and _stem(key) == _stem(other)


def set_of(number: str) -> str:
    """The set letter of a number, "" = it has none."""
    return _letter(number_key(number))


def without_set(number: str) -> str:
    """A number as it is compared, without its set letter: the same for all copies of one carrier."""
    return _stem(number_key(number))


def _letter(key: str) -> str:
    """The set letter that ends a number: J010-2025-01-G001-A."""
    match = re.fullmatch(r".*\d-([A-Z])", key)
    return match[1] if match else ""


def _stem(key: str) -> str:
    return key[:-2] if _letter(key) else key


def _other_set(text: str, number: str) -> bool:
    letter, other = _letter(number_key(text)), _letter(number_key(number))
    return bool(letter and other and letter != other)


def _shape(text: str) -> str:
    """The pattern of a number: digits alike, set letter left out; "" where a text has no digit."""
    key = _stem(number_key(text))
    return re.sub(r"\d", "0", key) if re.search(r"\d", key) else ""


def _alike(a: str, b: str) -> bool:
    return same_number(a, b) or _shape(a) == _shape(b) != ""


def row_number(row: CarrierLine) -> str:
    """The number of a row, with the letter of its set where the form keeps that in a column of its own."""
    letter = re.fullmatch(r"([A-Z])套?", number_key(row.set_code))
    if letter and not _letter(number_key(row.carrier_no)) and re.search(r"\d$", row.carrier_no):
        return f"{row.carrier_no}-{letter[1]}"
    return row.carrier_no


def _owns(row: CarrierLine, package_no: str) -> bool:
    if same_number(package_no, row_number(row)) or same_number(package_no, row.carrier_no):
        return not _other_set(package_no, row_number(row))
    return number_key(package_no) in {number_key(p) for p in row.package_nos}


def _set_code(number: str, known: Known | None) -> str:
    if known is not None and known.row is not None and known.row.set_code:
        return known.row.set_code
    return _letter(number_key(number))


def _carriers_per_set(form: SubmittedForm) -> int | None:
    """How many carriers a set of this form has by its own count; None where it does not say."""
    count = declared_count(form.fields.get("carrier_count", ""))
    sets = declared_count(form.fields.get("set_count", "")) or 1
    return None if not count else max(1, count // sets)


def knows_one_carrier(form: SubmittedForm) -> bool:
    """Whether the totals of a form are those of one carrier (of one in each set)."""
    return len({_stem(number_key(row.carrier_no)) for row in form.carriers}) <= 1 and not _several(form)


def _several(form: SubmittedForm) -> bool:
    return form.is_workbook and (_carriers_per_set(form) or 1) > 1
