"""What is said of a carrier and of a batch, and kept for ever: the records, and the rules that make an outcome.

Takes findings, line results and coverage; gives a `Verdict` (one carrier, by the machine) or a `Decision` (one batch,
by two people). The JSON of a verdict is these fields, one to one. Relies on the catalogue for severity and words.
"""
from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from enum import StrEnum
from typing import Any, NamedTuple, TypeVar

SCHEMA = 1


class Outcome(StrEnum):
    """合格 / 不合格 / 部分合格 (of a batch only) / 待定."""

    PASSED = "passed"
    FAILED = "failed"
    PARTLY = "partly"
    UNDECIDED = "undecided"


class Severity(StrEnum):
    """REJECT → 不合格; DOUBT → 待定 until people decide; NOTE is printed and changes nothing."""

    REJECT = "reject"
    DOUBT = "doubt"
    NOTE = "note"


class LineState(StrEnum):
    """What became of a line of the form; exactly one."""

    EQUAL = "equal"
    DIFFERS = "differs"
    UNREADABLE = "unreadable"
    MISSING = "missing"
    NOT_CHECKED = "not_checked"


class CheckResult(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    NOT_CHECKED = "not_checked"
    NOT_APPLICABLE = "not_applicable"


CHECKS = ("accuracy", "completeness", "usability", "safety", "appearance", "quality", "health")
MUST_BE_CHECKED = ("accuracy", "completeness", "usability")


class LineResult(NamedTuple):
    """One line of the form with what was measured. path: the file it was bound to, else as the form wrote it.

    list: on the carrier, in which the line stands, "" = the form itself.
    """

    line: int
    package_no: str
    path: str
    algorithm: str
    expected: str
    actual: str
    state: str
    list: str = ""


@dataclass(frozen=True, slots=True)
class ListFacts:
    """A list on the carrier (or of a form that is a folder). sha256: "" = it was found, and not read."""

    path: str
    sha256: str = ""
    lines: int = 0


@dataclass(frozen=True, slots=True)
class Reference:
    """What the carrier was compared with. anchor: P1…P5 (how strong). trees: names found in which tree, counted.

    algorithms: those of all its lines, also of lines that are not shown ("md5", "sm3" …). lists: that were followed
    (without a form: found), at most 40 of list_count. is_lists: they are the form, it has no lines of its own.
    """

    anchor: str
    form_sha256: str = ""
    form_name: str = ""
    form_layout: str = ""
    form_encoding: str = ""
    root_offset: Mapping[str, str] = field(default_factory=lambda: {"dropped": "", "prepended": ""})
    trees: Mapping[str, int] = field(default_factory=dict)
    algorithms: tuple[str, ...] = ()
    lists: tuple[ListFacts, ...] = ()
    list_count: int = 0
    is_lists: bool = False


@dataclass(frozen=True, slots=True)
class CarrierFacts:
    """The carrier as it was met. number: 载体编号 of the form that it was bound to, "" = none."""

    kind: str
    medium: str
    volume_label: str
    serial: str
    capacity_bytes: int
    layers: tuple[str, ...]
    sessions: int
    fingerprint: str
    number: str = ""
    set_code: str = ""


@dataclass(frozen=True, slots=True)
class CarrierDigest:
    """The digest of the whole carrier over its first range_bytes."""

    algorithm: str
    digest: str
    range_bytes: int


@dataclass(frozen=True, slots=True)
class Digests:
    """content_sha256: None where a file is incomplete; content_only_sha256: the same without paths.

    carrier: None where the form does not ask for it.
    """

    content_sha256: str | None
    carrier: CarrierDigest | None
    content_only_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """listed … unlisted count lines of the form. packages: 载体(包)编号 that they name, 0 = they name none.

    repeated_files, repeated_bytes: of files and bytes, those whose content the unit has brought before (domain §10.5).
    """

    listed: int = 0
    equal: int = 0
    differs: int = 0
    missing: int = 0
    unreadable: int = 0
    not_checked: int = 0
    unlisted: int = 0
    files: int = 0
    bytes: int = 0
    packages: int = 0
    repeated_files: int = 0
    repeated_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Judgement:
    """A finding with its severity and its words of that day. count: how many of its kind it stands for."""

    code: str
    severity: Severity
    check: str
    clause: str
    path: str
    start_lba: int | None
    length_bytes: int | None
    count: int
    facts: Mapping[str, str | int]
    text: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Check:
    id: str
    result: CheckResult
    evidence: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class CoverageSums:
    """Bytes that the plan wanted, that were read, that failed, that were never asked for."""

    planned_bytes: int
    read_bytes: int
    unreadable_bytes: int
    not_attempted_bytes: int


@dataclass(frozen=True, slots=True)
class Speed:
    """MB = 10⁶ bytes. surface: at most 1000 points [first byte, MB/s, unreadable blocks] over what was read."""

    seconds: float
    mean_mb_s: float
    min_mb_s: float
    max_mb_s: float
    surface: tuple[tuple[int, float, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Sitting:
    """One stretch of reading: an interrupted intake has several."""

    begun_at: str
    ended_at: str
    boot_id: str


@dataclass(frozen=True, slots=True)
class Resolution:
    """A doubt, answered by two people. answer: accept | reject | recheck. path "" = the whole group of this code."""

    intake: str
    code: str
    path: str
    answer: str
    by: str
    confirmed_by: str
    reason: str
    scan_sha256: str = ""
    at: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """单个载体的检验结论, by the machine. Times are UTC, ISO 8601.

    lines: in the record on paper and in the register only those shown (`lines_shown`); all of them lie beside the
    journal, under lines_sha256.
    """

    schema: int
    outcome: Outcome
    intake: str
    batch: str
    attempt: int
    profile: str
    at: str
    source: str
    reference: Reference
    carrier: CarrierFacts
    digests: Digests
    drive: Mapping[str, str]
    host: Mapping[str, str]
    clock: Mapping[str, str | int | None]
    read_only: Mapping[str, str | bool]
    people: tuple[str, ...]
    sittings: tuple[Sitting, ...]
    policy_sha256: str
    catalogue_sha256: str
    selftest: str
    resolutions: tuple[Resolution, ...]
    counts: Counts
    lines: tuple[LineResult, ...]
    findings: tuple[Judgement, ...]
    checks: tuple[Check, ...]
    coverage: CoverageSums
    speed: Speed
    versions: Mapping[str, str]
    journal_sha256: str = ""
    lines_sha256: str = ""
    files_sha256: str = ""
    kept_lists_sha256: str = ""


@dataclass(frozen=True, slots=True)
class FormSummary:
    """The form as paper needs it: identifiers of the 情况表 → text, and the proof of which file it was."""

    file_name: str
    sha256: str
    fields: Mapping[str, str]
    line_count: int
    carrier_nos: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EarlierDecision:
    """前次检验表: a decision of the same batch before this one. changed: 载体编号 → outcome then, where it differs."""

    number: str
    at: str
    outcome: Outcome
    changed: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Exceptional:
    """例外收存: a carrier that did not pass and is kept by order of the head; its outcome stays as it was."""

    carrier_no: str
    by: str
    at: str
    reason: str


@dataclass(frozen=True, slots=True)
class SentBack:
    """A reading that failed and whose carrier went back before its batch was decided. reasons: R01 … R99."""

    carrier_no: str
    attempt: int
    intake: str
    at: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """一批的审定, by two people: everything paper needs, so that paper needs nothing else.

    number: 检验表编号. appearance: 外观 as people said it, "" = not looked at. receiving_org: as configured.
    earlier: the decisions before this one, oldest first; none of them is withdrawn. seen_each: 外观 was answered
    carrier by carrier, so that the verdicts say where it was not. set_aside: readings that gave way to a later one of
    the attempt because two people said so; no outcome rests on them, and they are not erased either. sent_back: earlier
    attempts of these carriers that no decision speaks of.
    """

    number: str
    batch: str
    at: str
    form: FormSummary
    verdicts: tuple[Verdict, ...]
    resolutions: tuple[Resolution, ...]
    outcome: Outcome
    operator: str
    reviewer: str
    remark: str
    appearance: str
    receiving_org: str
    station: str
    earlier: tuple[EarlierDecision, ...] = ()
    exceptions: tuple[Exceptional, ...] = ()
    seen_each: bool = False
    set_aside: tuple[Verdict, ...] = ()
    sent_back: tuple[SentBack, ...] = ()


_T = TypeVar("_T")


def to_record(value: Any) -> Any:
    """A record (nested dataclasses, tuples, mappings) as plain JSON values."""
    if is_dataclass(value):
        return {f.name: to_record(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, LineResult):
        return value._asdict()
    if isinstance(value, Mapping):
        return {key: to_record(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [to_record(item) for item in value]
    return str(value) if isinstance(value, StrEnum) else value


def from_record(kind: type[_T], record: Any) -> _T:
    """The record of `to_record` back as `kind`; unknown keys are left out (a newer station may have added them).

    Raises: KeyError, TypeError, ValueError where the record is not one of this kind.
    """
    return typing.cast(_T, _typed(kind, record))


def _typed(kind: Any, value: Any) -> Any:
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        rest = [a for a in args if a is not type(None)]
        if value is None or len(rest) != 1:
            return value
        return _typed(rest[0], value)
    if origin is tuple:
        if len(args) == 2 and args[1] is Ellipsis:
            return tuple(_typed(args[0], item) for item in value)
        return tuple(_typed(a, item) for a, item in zip(args, value, strict=True))
    if is_dataclass(kind) or kind is LineResult:
        hints = typing.get_type_hints(kind)
        return typing.cast(Any, kind)(**{name: _typed(hint, value[name]) for name, hint in hints.items()
                                         if name in value})
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return kind(value)
    return value
