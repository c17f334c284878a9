"""The main flow: one carrier against one form, to one verdict. Read this first.

    open_carrier → structure → lists on it → bind → plan → seen before? → one pass of chunks → compare → judge
                 → journal → register

Takes a source and a form, gives a `Verdict` that is in the register when it is returned; relies on every other room.
Nothing here knows the screen, another drive, or which kind of carrier it is.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, NamedTuple

from carriers import open_carrier
from carriers.capacity import Probed, probe
from carriers.health import Health, look, unseen_sessions
from carriers.model import Carrier, CarrierId, CarrierKind, Finding, Growing, Refused, Structure
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
from station.attempts import readings_of, refuse_fourth
from station.history import before
from station.journal import Journal, begin, open_intakes, take_up
from station.on_carrier import OnCarrier, keep_lists, on_carrier
from station.progress import Progress
from station.read_only import Held, hold_read_only
from station.reading import Reading, finding_from, finding_record
from station.register import Station, utc_now
from station.verdicts import Case, boot_id, conclude, register_verdict


def intake(station: Station, source: Path, form: SubmittedForm | None, choice: Choice, progress: Progress,
           *, opener: Callable[[Path], Carrier] | None = None, looker: Callable[[Path], Health] = look,
           holder: Callable[[Path], AbstractContextManager[Held]] = hold_read_only,
           people: tuple[str, ...] = ()) -> Verdict:
    """Read a carrier once and say what is true of it. opener: another way to the carrier (faults, in demo and tests).

    looker: who asks the drive what it knows. holder: what keeps the carrier from being written. people: whose word the
    strength of the reference rests on.

    Raises: Refused (no verdict, the intake stays open): CarrierError, DriveLost, CarrierChanged, Stopped,
    RegisterError; FormUnreadable and Refused("classified") of a reference that lies on the carrier.
    """
    progress.stage("structure")
    with Hashers() as hashers, holder(source) as held, closing(
            opener(source) if opener else open_carrier(source, station.config.limits())) as carrier:
        health = looker(source)
        work = _bound(station, carrier, (form, choice), hashers, health)
        hashers.use(_algorithms(work.form, work.lying.algorithms, recorded_algorithms(work.structure)))
        _refuse_fourth(station, work)
        with _journal(station, _header(source, carrier, work.form, choice, work), progress) as journal:
            if journal.closed():                               # killed between its closing line and the register
                return register_verdict(station, journal)
            case = _told(station, Case(journal, "", None, choice, work.binding, str(source.absolute()), people=people),
                         work)
            _tell_known(station, case, work.identity, progress)
            progress.begin(journal.folder, work.plan.planned_bytes or work.structure.capacity_bytes)
            reading = _read(station, carrier, journal, work, progress)
            said, written = held.read_back()
            reading = replace(reading, found=(*reading.found, *written), read_only=said)
            if work.structure.growing is not None:             # a tape of archives: its files are known only now
                now = _bound(station, carrier, (form, choice), hashers, health)
                case, reading = _told(station, case, now), _now_known(reading, work, now)
            progress.stage("comparing")
            verdict = conclude(station, case, reading)
    progress.end()
    return verdict


def told_by(health: Health, identity: CarrierId) -> tuple[CarrierId, Health]:
    """What the carrier says that it is and what its drive knows of it, as one; a serial number only if it is its own.
    """
    unseen = unseen_sessions(health, identity.sessions)
    return (replace(identity, medium=health.medium or identity.medium, serial=health.serial or identity.serial,
                    sessions=max(identity.sessions, health.sessions)),
            replace(health, findings=(*health.findings, *unseen)))


def _bound(station: Station, carrier: Carrier, asked: tuple[SubmittedForm | None, Choice], hashers: Hashers,
           health: Health) -> Work:
    """What the carrier shows, what lies on it, and which lines of the form (asked, with the choice) speak of what.

    Of a carrier whose files only the pass finds: twice, before it for what the form itself says, and after it.
    """
    form, choice = asked
    identity, health = told_by(health, carrier.identify())
    structure, found = carrier.structure()
    enclosed = _admitted(station, form, look_into(carrier, structure))
    known = structure.growing is None or bool(structure.trees)
    lying = on_carrier(carrier, structure, form, choice) if known else OnCarrier(form)
    form = lying.form                                          # the lists on it have become lines of it
    batches.refuse_classified(station, form)
    structure, found = named_as_listed(form, structure, found)
    binding = bind(form, identity, structure, choice)
    plan = make_plan(structure, binding.joined, gaps=bool(binding.carrier_algorithms) or None)
    return Work(hashers, identity, structure, (*found, *enclosed.findings, *health.findings), binding, plan, enclosed,
                form, lying, health)


def _attempt(station: Station, work: Work) -> int:
    batch = batches.of_form(station, work.form)
    return batches.attempt_of(batches.fold(station, batch), work.binding.carrier_no) if batch else 1


def _refuse_fourth(station: Station, work: Work) -> None:
    """Before anything is written. Raises: UsageError("readings-used-up")."""
    number = work.binding.carrier_no
    earlier = readings_of(station, work.form, (number, work.identity), _attempt(station, work))
    refuse_fourth(station, earlier, number, batches.of_form(station, work.form))


def _told(station: Station, case: Case, work: Work) -> Case:
    """The case with what is known of it."""
    batch = batches.of_form(station, work.form)
    return replace(case, batch=batch, form=work.form, binding=work.binding,
                   attempt=_attempt(station, work),
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
    health: Health

    @property
    def of_disk(self) -> bool:
        """Whether it lies on a disk; a disc has the capacity that it shows, and to seek in one takes long."""
        return self.identity.kind is CarrierKind.DISK or (self.health.asked and not self.health.optical)


def _read(station: Station, carrier: Carrier, journal: Journal, work: Work, progress: Progress) -> Reading:
    """The one pass, from where an earlier sitting left off."""
    structure, plan, files, joined = work.structure, work.plan, work.structure.files, work.binding.joined
    count = len(files) if files is not None else 0
    digests = digests_for(work.hashers, structure, plan, work.binding)
    readability = Readability(structure, plan.planned_bytes,
                              SlowRule(station.config.slow_seconds, station.config.slow_factor))
    formats, metadata = Formats(structure), Metadata(structure)
    consumers = Consumers(digests, readability, formats, metadata, structure.growing)
    first, earlier = _take_up(journal, consumers, carrier)
    if first:
        progress.resumed(journal.number, readability.read_bytes)
    progress.done(readability.read_bytes)

    def between(read_no: int) -> None:
        refuse_level(station, work.form, metadata.classified, "metadata")
        due = progress.stop_wanted or (progress.save_due(station.config.save_seconds) and read_no > first)
        if due and not _save(journal, read_no, consumers, (carrier, (*earlier, *carrier.findings()))):
            progress.save_soon()
        progress.check_stop()

    probed = probe(carrier, structure) if work.of_disk else Probed()
    one_pass(carrier.read(plan.reads_from(first)), (readability, formats, metadata, digests, progress), between)
    lost, planned_bytes = sum(lost for number, lost in plan.lost.items() if number < count), plan.planned_bytes
    if structure.growing is not None:
        planned_bytes, lost = readability.reached_end(), sum(structure.growing.lost.values())
        digests.copy(structure.growing.links)
        _without_content(digests, structure, structure.growing.lost)
    fixities = digests.finish()
    return Reading(work.identity, structure, (*work.found, *earlier, *carrier.findings(), *metadata.findings(),
                                              *recorded_findings(structure, fixities)),
                   work.enclosed, fixities, readability, formats, planned_bytes, lost, joined, work.health, probed)


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


def _save(journal: Journal, read_no: int, consumers: Consumers, drive: tuple[Carrier, tuple[Finding, ...]]) -> bool:
    """Save the state of all consumers. drive: the carrier in it, and what all sittings have found of it.

    Returns: whether it could be had: not in the middle of a file's SM3.
    """
    carrier, of_drive = drive
    state = consumers.digests.save()
    if state is None:
        return False
    journal.write("save", {"at": utc_now(), "next_read": read_no, "digests": state,
                           "readability": consumers.readability.save(), "formats": consumers.formats.save(),
                           "metadata": consumers.metadata.save(),
                           "growing": consumers.growing.save() if consumers.growing is not None else None,
                           "budget": carrier.budget(), "drive": [finding_record(f) for f in of_drive]})
    return True


def _take_up(journal: Journal, consumers: Consumers, carrier: Carrier) -> tuple[int, tuple[Finding, ...]]:
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
        if budget := saves[-1].get("budget"):
            carrier.go_on(budget)
        first, of_drive = int(saves[-1]["next_read"]), tuple(map(finding_from, saves[-1]["drive"]))
    journal.write("sitting", {"at": utc_now(), "boot_id": boot_id(), "first_read": first})
    return first, of_drive


_PIECE = ("source", "stamp", "own_serial")


def _header(source: Path, carrier: Carrier, form: SubmittedForm | None, choice: Choice, work: Work
            ) -> dict[str, Any]:
    """What must be the same for an intake to go on; anything else is a new intake.

    The piece is proven by `is_same_piece`, all else must be equal.
    """
    identity, serial = work.identity, work.health.serial       # the carrier's own, never a bridge's or a drive's
    return {"source": str(source.resolve()), "stamp": carrier.stamp(),
            "own_serial": [serial, identity.capacity_bytes, identity.fingerprint] if serial else [],
            "form_sha256": form.sha256 if form else "",
            "choice": {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(choice).items()},
            "binding_sha256": work.binding.sha256, "plan_sha256": work.plan.sha256, "version": __version__}


def is_same_piece(begun: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """Whether what an intake was begun on is proven to be what lies here now.

    By the carrier's own serial number; or because it never left its drive: same boot and `diskseq`, of an image file
    the same device, inode, size and time. Blocks that are equal prove nothing: copies A and B of one master have them,
    and half of each must never pass together.
    """
    if begun.get("own_serial") or now["own_serial"]:
        if begun.get("own_serial") == now["own_serial"]:
            return True
        if begun.get("own_serial") and now["own_serial"]:
            return False
    stamp = list(now["stamp"])
    in_drive = stamp[:1] == ["device"]                         # unique in this boot, whatever the device is called
    return begun.get("stamp") == stamp and "" not in stamp and (in_drive or begun.get("source") == now["source"])


def _why_over(begun: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Why an open intake of this carrier cannot be gone on with; "" = it is of another carrier."""
    same = begun.get("form_sha256") == now["form_sha256"] and begun.get("binding_sha256") == now["binding_sha256"]
    if not same or not (now["form_sha256"] or begun.get("source") == now["source"]):
        return ""
    if not is_same_piece(begun, now):
        return "piece"
    return next((key for key, name in (("version", "version"), ("plan", "plan_sha256"))
                 if begun.get(name) != now[name]), "policy")


@contextmanager
def _journal(station: Station, header: dict[str, Any], progress: Progress) -> Iterator[Journal]:
    station.home.prepare()
    station.register.repair()
    station.register.check_clock()
    policy = {**header, "policy_sha256": station.config.policy_sha256()}
    journal = take_up(station.home, lambda first: is_same_piece(first, policy) and all(
        first.get(key) == value for key, value in policy.items() if key not in _PIECE))
    if journal is None:
        for number, first in open_intakes(station.home):
            if why := _why_over(first, policy):
                progress.starts_over(number, why)
        journal = begin(station.home, station.config.station_id, {"at": utc_now(), **policy})
    try:
        yield journal
    finally:
        journal.release()
