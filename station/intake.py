"""The main flow: one carrier against one form, to one verdict. Read this first.

    open_carrier → structure → lists on it → bind → plan → seen before? → one pass of chunks → compare → judge
                 → journal → register

Takes a source and a form, gives a `Verdict` that is in the register when it is returned; relies on every other room.
Nothing here knows the screen, another drive, or which kind of carrier it is.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, NamedTuple

from carriers import open_carrier
from carriers.model import Carrier, CarrierId, Finding, Growing, Refused, Structure
from carriers.plan import Joined, Plan, make_plan
from checks.bind import Binding, Choice, bind
from checks.catalogues import Enclosed, look_into
from checks.digests import Digests
from checks.encodings import named_as_listed
from checks.fixity import Fixities, ReadState
from checks.form import SubmittedForm
from checks.formats import Formats
from checks.hashers import Hashers
from checks.judge import judge_findings
from checks.metadata import Metadata
from checks.onepass import one_pass
from checks.readability import Readability, SlowRule
from checks.recorded import recorded_algorithms, recorded_findings
from checks.verdict import Verdict
from station import __version__
from station import batch as batches
from station.history import before
from station.journal import Journal, begin, take_up
from station.on_carrier import OnCarrier, keep_lists, on_carrier
from station.progress import Progress
from station.reading import Reading, finding_from, finding_record
from station.register import Station, utc_now
from station.verdicts import Case, boot_id, conclude, register_verdict


def intake(station: Station, source: Path, form: SubmittedForm | None, choice: Choice, progress: Progress,
           *, opener: Callable[[Path], Carrier] = open_carrier, people: tuple[str, ...] = ()) -> Verdict:
    """Read a carrier once and say what is true of it. opener: another way to the carrier (faults, in demo and tests).

    people: whose word the strength of the reference rests on.

    Raises: Refused (no verdict, the intake stays open): CarrierError, DriveLost, CarrierChanged, Stopped,
    RegisterError; FormUnreadable and Refused("classified") of a reference that lies on the carrier.
    """
    progress.stage("structure")
    with Hashers() as hashers, closing(opener(source)) as carrier:
        work = _bound(station, carrier, (form, choice), hashers)
        hashers.use(_algorithms(work.form, work.lying.algorithms, recorded_algorithms(work.structure)))
        with _journal(station, _header(source, carrier, work.form, choice, work)) as journal:
            if journal.closed():                               # killed between its closing line and the register
                return register_verdict(station, journal)
            case = _told(station, Case(journal, "", None, choice, work.binding, str(source.absolute()), people=people),
                         work)
            _tell_known(station, case, work.identity, progress)
            progress.begin(journal.folder, work.plan.planned_bytes or work.structure.capacity_bytes)
            reading = _read(station, carrier, journal, work, progress)
            if work.structure.growing is not None:             # a tape of archives: its files are known only now
                now = _bound(station, carrier, (form, choice), hashers)
                case, reading = _told(station, case, now), _now_known(reading, work, now)
            progress.stage("comparing")
            verdict = conclude(station, case, reading)
    progress.end()
    return verdict


def _bound(station: Station, carrier: Carrier, asked: tuple[SubmittedForm | None, Choice], hashers: Hashers) -> Work:
    """What the carrier shows, what lies on it, and which lines of the form (asked, with the choice) speak of what.

    Of a carrier whose files only the pass finds: twice, before it for what the form itself says, and after it.
    """
    form, choice = asked
    identity = carrier.identify()
    structure, found = carrier.structure()
    enclosed = _admitted(station, form, look_into(carrier, structure))
    known = structure.growing is None or bool(structure.trees)
    lying = on_carrier(carrier, structure, form, choice) if known else OnCarrier(form)
    form = lying.form                                          # the lists on it have become lines of it
    batches.refuse_classified(station, form)
    structure, found = named_as_listed(form, structure, found)
    binding = bind(form, identity, structure, choice)
    return Work(hashers, identity, structure, (*found, *enclosed.findings), binding,
                make_plan(structure, binding.joined), enclosed, form, lying)


def _told(station: Station, case: Case, work: Work) -> Case:
    """The case with what is known of it."""
    batch = batches.of_form(station, work.form)
    return replace(case, batch=batch, form=work.form, binding=work.binding,
                   attempt=batches.attempt_of(station, batch, work.binding.carrier_no),
                   kept_lists_sha256=keep_lists(case.journal, work.lying.lists), found_lists=work.lying.found)


def _now_known(reading: Reading, before: Work, now: Work) -> Reading:
    """A reading with the files that only it has found."""
    formats = Formats(now.structure)
    formats.restore(reading.formats.save())
    return replace(reading, structure=now.structure, found=(*now.found, *reading.found[len(before.found):]),
                   enclosed=now.enclosed, formats=formats).joined_as(now.binding.joined)


def _tell_known(station: Station, case: Case, identity: CarrierId, progress: Progress) -> None:
    """Say what the register knows of this carrier while nothing is spent yet; the reading goes on all the same."""
    if not case.is_recheck:
        for judgement in judge_findings(before(station, case.asked(station.home, identity)), case.choice.profile):
            progress.tell(judgement)


def _algorithms(form: SubmittedForm | None, of_lists: tuple[str, ...], recorded: tuple[str, ...]) -> tuple[str, ...]:
    """SHA-256 always (domain §10.4), what the form's lines need, and what the carrier itself has digests of (recorded);
    where the form is still to come, MD5 and what the lists on the carrier need."""
    return tuple(dict.fromkeys((*(form.lines.algorithms() if form else ("md5", *of_lists)), *recorded, "sha256")))


def _admitted(station: Station, form: SubmittedForm | None, enclosed: Enclosed) -> Enclosed:
    """What lies on the carrier, where no 密级 in it forbids to go on."""
    refuse_level(station, form, enclosed.classified, "catalogue")
    return enclosed


def refuse_level(station: Station, form: SubmittedForm | None, level: str, where: str) -> None:
    """Stop where a carrier turns out to be classified; only the refusal is recorded, no name (domain §10.5).

    Raises: Refused("classified").
    """
    if level:
        station.register.append("refusal", {"reason": "R12", "form_sha256": form.sha256 if form else ""})
        raise Refused("classified", reason=where, level=level)


class Work(NamedTuple):
    """What is known when the pass begins."""

    hashers: Hashers
    identity: CarrierId
    structure: Structure
    found: tuple[Finding, ...]
    binding: Binding
    plan: Plan
    enclosed: Enclosed
    form: SubmittedForm | None
    lying: OnCarrier


def _read(station: Station, carrier: Carrier, journal: Journal, work: Work, progress: Progress) -> Reading:
    """The one pass, from where an earlier sitting left off."""
    structure, plan, files, joined = work.structure, work.plan, work.structure.files, work.binding.joined
    count = len(files) if files is not None else 0
    digests = digests_for(work.hashers, structure, plan, work.binding)
    readability = Readability(structure, plan.planned_bytes,
                              SlowRule(station.config.slow_seconds, station.config.slow_factor))
    formats, metadata = Formats(structure), Metadata(structure)
    consumers = Consumers(digests, readability, formats, metadata, structure.growing)
    first, earlier = _take_up(journal, consumers)
    if first:
        progress.resumed(journal.number, readability.read_bytes)
    progress.done(readability.read_bytes)

    def between(read_no: int) -> None:
        refuse_level(station, work.form, metadata.classified, "metadata")
        if progress.stop_wanted or (progress.save_due(station.config.save_seconds) and read_no > first):
            _save(journal, read_no, consumers, (*earlier, *carrier.findings()))
        progress.check_stop()

    one_pass(carrier.read(plan.reads_from(first)), (readability, formats, metadata, digests, progress), between)
    lost, planned_bytes = sum(lost for number, lost in plan.lost.items() if number < count), plan.planned_bytes
    if structure.growing is not None:
        planned_bytes, lost = readability.reached_end(), sum(structure.growing.lost.values())
        digests.copy(structure.growing.links)
        _without_content(digests, structure, structure.growing.lost)
    fixities = digests.finish()
    return Reading(work.identity, structure, (*work.found, *earlier, *carrier.findings(), *metadata.findings(),
                                              *recorded_findings(structure, fixities)),
                   work.enclosed, fixities, readability, formats, planned_bytes, lost, joined)


def digests_for(hashers: Hashers, structure: Structure, plan: Plan, binding: Binding) -> Digests:
    """The consumer that hashes every file, and what is known of them before the first block is read."""
    files, joined = structure.files, binding.joined
    count = (len(files) if files is not None else 0) + len(joined)
    ranges = [min(n * structure.block_bytes, structure.capacity_bytes)
              for n in (structure.volume_blocks, structure.blocks) if n]
    digests = Digests(hashers, structure, Fixities(hashers.algorithms, count), joined=joined,
                      carrier_algorithms=binding.carrier_algorithms, carrier_ranges=ranges)
    _without_content(digests, structure, plan.lost, joined)
    return digests


def _without_content(digests: Digests, structure: Structure, lost: Iterable[int], joined: Joined = ()) -> None:
    """What is known of files without reading them: cut off (lost), not to be had, empty."""
    files = structure.files
    for number in lost:
        digests.lose(number, ReadState.TRUNCATED)
    if files is not None:
        for number in (*files.obstacles, *(n for n, parts in enumerate(joined, len(files))
                                           if not files.obstacles.keys().isdisjoint(parts))):
            digests.lose(number, ReadState.NO_CONTENT)
        digests.empty(n for n, size in enumerate(files.sizes) if not size and n not in files.obstacles)
        digests.empty(n for n, parts in enumerate(joined, len(files)) if not any(files.sizes[p] for p in parts))


class Consumers(NamedTuple):
    """The consumers whose state a journal keeps."""

    digests: Digests
    readability: Readability
    formats: Formats
    metadata: Metadata
    growing: Growing | None


def _save(journal: Journal, read_no: int, consumers: Consumers, of_drive: tuple[Finding, ...]) -> None:
    state = consumers.digests.save()
    if state is not None:
        journal.write("save", {"at": utc_now(), "next_read": read_no, "digests": state,
                               "readability": consumers.readability.save(), "formats": consumers.formats.save(),
                               "metadata": consumers.metadata.save(),
                               "growing": consumers.growing.save() if consumers.growing is not None else None,
                               "drive": [finding_record(f) for f in of_drive]})


def _take_up(journal: Journal, consumers: Consumers) -> tuple[int, tuple[Finding, ...]]:
    """Restore what earlier sittings saved.

    Returns: the number of the first planned read that is still to be made; what they found of the drive.
    """
    saves = [r for r in journal.records() if r["type"] == "save"]
    first, of_drive = 0, tuple[Finding, ...]()
    if saves:
        if consumers.growing is not None:
            consumers.growing.restore(s["growing"] for s in saves)
        consumers.digests.restore(s["digests"] for s in saves)
        consumers.readability.restore(saves[-1]["readability"])
        consumers.formats.restore(saves[-1]["formats"])
        consumers.metadata.restore(saves[-1]["metadata"])
        first, of_drive = int(saves[-1]["next_read"]), tuple(map(finding_from, saves[-1]["drive"]))
    journal.write("sitting", {"at": utc_now(), "boot_id": boot_id(), "first_read": first})
    return first, of_drive


def _header(source: Path, carrier: Carrier, form: SubmittedForm | None, choice: Choice, work: Work
            ) -> dict[str, Any]:
    """What must be the same for an intake to go on; anything else is a new intake.

    The stamp is the proof of the same piece: of an image file its device, inode, size and modification time.
    """
    return {"source": str(source.resolve()), "stamp": carrier.stamp(), "form_sha256": form.sha256 if form else "",
            "choice": {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(choice).items()},
            "binding_sha256": work.binding.sha256, "plan_sha256": work.plan.sha256, "version": __version__}


@contextmanager
def _journal(station: Station, header: dict[str, Any]) -> Iterator[Journal]:
    station.home.prepare()
    station.register.repair()
    policy = {**header, "policy_sha256": station.config.policy_sha256()}
    journal = take_up(station.home, policy)
    if journal is None:
        journal = begin(station.home, station.config.station_id, {"at": utc_now(), **policy})
    try:
        yield journal
    finally:
        journal.release()
