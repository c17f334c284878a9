"""A carrier that was accepted is read again: the form is what was measured of it then (`--form @INTAKE`).

Takes the number of an intake, gives the form; relies on the register for what was accepted and on the list of files
beside the journal for the digests. The answer joins the history of the carrier and is no reading of its batch: what
was decided stays decided. Source: contract "Re-check".
"""
from __future__ import annotations

from checks.form import CarrierLine, DigestLine, Lines, Scope, SubmittedForm
from checks.verdict import Reference
from station import batch as batches
from station.journal import read_list
from station.register import Station

MARK = "@"                      # what `--form` begins with


def accepted_form(station: Station, intake: str) -> SubmittedForm:
    """The form of a re-check: each file with its SHA-256 and size as accepted, and the carrier's digest if it has one.

    A CRC32 of the carrier is left out: it would only weaken what the files' digests prove.

    Raises: UsageError("intake-unknown" | "not-accepted"); RegisterError("journal-altered").
    """
    verdict = batches.load_verdict(station, intake)
    number = verdict.carrier.number
    decisions = [line for line in station.register.lines_of("decision") if intake in line["intakes"]]
    if not decisions or number in decisions[-1]["returned"]:
        raise batches.UsageError("not-accepted", intake=intake)
    path = station.home.intakes / intake / "files.jsonl.zst"
    batches.check_list(path, verdict.files_sha256)
    lines = Lines()
    for row in read_list(path):
        if row.get("sha256"):
            lines.append(DigestLine(len(lines) + 1, "", row["path"], Scope.FILE, "sha256", row["sha256"],
                                    f"{row['size']}B", ""))
    if (whole := verdict.digests.carrier) is not None and whole.algorithm != "crc32":
        lines.append(DigestLine(len(lines) + 1, "", "", Scope.CARRIER, whole.algorithm, whole.digest,
                                f"{whole.range_bytes}B", ""))
    carrier = CarrierLine(number, volume_label=verdict.carrier.volume_label, serial_no=verdict.carrier.serial,
                          set_code=verdict.carrier.set_code)
    batch = str(decisions[-1]["batch"])
    of_batch = batches.fold(station, batch).fields
    kept = {key: of_batch[key] for key in ("fonds_no", "unit_name", "security_level") if key in of_batch}
    return SubmittedForm(MARK + intake, verdict.files_sha256, path.stat().st_size, batches.ACCEPTED, "", False,
                         {**kept, "batch_no": batch},
                         (carrier,) if number else (), lines)


def rechecked(reference: Reference | None) -> str:
    """The intake that a comparison with this reference checks again, "" = it is no re-check."""
    return reference.form_name.removeprefix(MARK) if reference and reference.form_layout == batches.ACCEPTED else ""
