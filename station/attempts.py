"""Several readings of one carrier in one attempt: at most three, none of them erased, and one that fails where
another reads is said (domain §10.5).

Takes the register's lines of a batch, gives the earlier readings of the carrier that lies here; relies on the lists
of files beside the journals for what they read. Which drive each was made in stands in its verdict.
"""
from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from carriers.model import CarrierId, Finding
from checks.fixity import ReadState
from checks.form import SubmittedForm
from checks.spoken import number_key
from station import batch as batches
from station.home import RegisterError
from station.journal import read_list
from station.reading import Reading
from station.register import Station

UNREAD = frozenset({"block-unreadable", "file-unreadable"})      # a medium, or a drive, that did not give its blocks
_EXAMPLES = 3
Line = Mapping[str, Any]


def readings_of(station: Station, form: SubmittedForm | None, carrier: tuple[str, CarrierId], attempt: int
                ) -> list[Line]:
    """The register's lines of the readings of this attempt, oldest first; of comparisons of one reading the last.

    carrier: its number and what it says it is; without a number by label and structure, which copies may share.
    Nothing of a reading without a form, or of a periodic re-check: they belong to no attempt. Raises: RegisterError.
    """
    if form is None or form.layout == batches.ACCEPTED:
        return []
    number, identity = carrier
    batch = batches.of_form(station, form)
    forms = batches.fold(station, batch).forms if batch else frozenset((form.sha256,))
    lines = [line for line in station.register.lines_of("verdict", about=forms)
             if line["form_sha256"] in forms and line["attempt"] == attempt and not line.get("recheck_of")]
    replaced = {line["replaces"] for line in lines}
    return [line for line in lines if line["intake"] not in replaced and (
        number_key(line["carrier_no"]) == number_key(number) if number else not line["carrier_no"]
        and (line["volume_label"], line["fingerprint"]) == (identity.volume_label, identity.fingerprint))]


def refuse_fourth(station: Station, earlier: list[Line], number: str, batch: str) -> None:
    """Raises: UsageError("readings-used-up") where the carrier was read as often as one attempt allows."""
    most = station.config.readings_per_attempt
    if len(earlier) >= most:
        raise batches.UsageError("readings-used-up", carrier=number or "-", count=len(earlier), most=most,
                                 intakes="、".join(str(line["intake"]) for line in earlier), batch=batch or "-")


def against_earlier(station: Station, earlier: Iterable[Line], reading: Reading, found: Iterable[Finding]
                    ) -> list[Finding]:
    """`block-unstable` against the last reading that is unlike this one: one failed and the other read, or both read
    and not the same. Other differences (another piece under one number) are the history's to say.

    `check-not-run` where the list of what an earlier reading read is no longer whole: nobody can tell then.
    """
    fails = any(finding.code in UNREAD for finding in found)
    for line in reversed(list(earlier)):
        alike = line["fingerprint"] == reading.identity.fingerprint
        facts = {"intake": str(line["intake"]), "when": str(line["at"])[:10]}
        try:
            differing = _differing(station, line, reading) if alike else []
        except RegisterError:
            return [Finding("check-not-run", facts={"check": "usability", "reason": "earlier-reading", **facts})]
        if differing:
            return [Finding("block-unstable", facts={"reason": "other-content", "count": len(differing), **facts,
                                                     "examples": "; ".join(differing[:_EXAMPLES])})]
        if fails != bool(UNREAD & {*line["codes"]}):
            return [Finding("block-unstable", facts={"reason": "other-reading", **facts})]
    return []


def _differing(station: Station, line: Line, reading: Reading) -> list[str]:
    """Names of files that both readings have whole, with other content. Raises: RegisterError."""
    files, fixities = reading.structure.files, reading.fixities
    numbers = {path: number for number, path in enumerate(files.paths)} if files is not None else {}
    found = []
    for row in read_list(station.home.intakes / str(line["intake"]) / "files.jsonl.zst"):
        number = numbers.get(row["path"])
        if row["state"] == "complete" and number is not None and fixities.states[number] == ReadState.COMPLETE \
                and fixities.digest(number, "sha256").hex() != row.get("sha256"):
            found.append(str(row["path"]))
    return found
