"""station intake SOURCE [--form FORM]: one carrier against one form → one verdict."""
from __future__ import annotations

import argparse
import os
from pathlib import Path

from carriers.model import Refused
from checks import catalogue
from checks.bind import Choice
from checks.form import SubmittedForm
from checks.lists import read_reference
from checks.verdict import Severity, Verdict
from station import batch as batches
from station.commands import EXIT, open_station, people_of
from station.intake import intake
from station.journal import read_list_texts
from station.lane import Lane, is_device
from station.next_steps import next_steps, some
from station.on_carrier import CARRIER
from station.people import login_name, roster
from station.progress import Progress
from station.recheck import MARK, accepted_form
from station.register import Station
from station.verdicts import verdict_json
from station.words import Voice

NAME_SHOWN = 160                    # characters of a path of the list


def add_arguments(parser: argparse.ArgumentParser, voice: Voice) -> None:
    parser.add_argument("source", type=Path, help=voice.phrase("help-source"))
    parser.add_argument("--form", help=voice.phrase("help-form-file"))
    parser.add_argument("--progress", action="store_true", help=voice.phrase("help-progress"))
    add_choice(parser, voice)


def add_choice(parser: argparse.ArgumentParser, voice: Voice) -> None:
    """The options by which a person says how a form speaks of a carrier; recompare has them too."""
    parser.add_argument("--carrier", default="", help=voice.phrase("help-carrier"))
    parser.add_argument("--profile", choices=("backup", "transfer"), default="backup",
                        help=voice.phrase("help-profile"))
    parser.add_argument("--anchor", choices=("P1", "P2", "P3", "P4", "P5"), default="",
                        help=voice.phrase("help-anchor"))
    parser.add_argument("--by", default="", help=voice.phrase("help-anchor-by"))
    parser.add_argument("--root", default=None, metavar="K:DIR", help=voice.phrase("help-root"))
    parser.add_argument("--json", action="store_true", help=voice.phrase("help-json"))


def reference_of(text: str | None) -> tuple[SubmittedForm | None, str | None]:
    """What `--form` names: a form that was handed in, or lists on the carrier ("carrier:PATH", "carrier:" = all).

    Raises: FormUnreadable.
    """
    if text and text.startswith(CARRIER):
        return None, text.removeprefix(CARRIER)
    return read_reference(Path(text)) if text else None, None


def choice_of(options: argparse.Namespace, form_on_carrier: bool, lists: str | None) -> Choice:
    """Raises: Refused("root-malformed")."""
    root = None
    if options.root is not None:
        count, colon, folder = str(options.root).partition(":")
        if not colon or not (count.isascii() and count.isdigit()) or int(count) > 255:
            raise Refused("root-malformed")
        root = (int(count), folder.replace("\\", "/").strip("/"))
    return Choice(carrier_no=options.carrier, anchor=options.anchor, root=root, profile=options.profile,
                  form_on_carrier=form_on_carrier, lists=lists)


def whose_word(station: Station, options: argparse.Namespace, voice: Voice) -> tuple[str, ...]:
    """Whose statement `--anchor` is, as the verdict says it: the stamped paper was seen, its digest compared.

    Without --by it is that of the account that runs the station, and that is said. Without --anchor, --by is who read
    the carrier. Raises: UsageError.
    """
    if not options.anchor:
        return tuple(catalogue.words("phrases", "people-read", {"name": person.name})["zh"]
                     for person in people_of(station, voice, options.by) if person.name.strip())
    if not options.by and roster(station):
        raise batches.UsageError("anchor-needs-person", anchor=options.anchor)
    name = people_of(station, voice, options.by)[0].name.strip() or login_name()
    if not options.by:
        voice.say("anchor-by-login", name=name, anchor=options.anchor)
    return (catalogue.words("phrases", "people-anchor", {"name": name, "anchor": options.anchor})["zh"],)


def run(options: argparse.Namespace, voice: Voice) -> int:
    station = open_station(options, voice)
    people = whose_word(station, options, voice)
    again = (options.form or "").startswith(MARK)
    form, lists = (accepted_form(station, options.form.removeprefix(MARK)), None) if again \
        else reference_of(options.form)
    batches.refuse_classified(station, form)
    if form is not None and not again:
        show_encoding(form, voice)
        open_known_batch(station, form, Path(options.form))
    inside = form is not None and not again and lies_in(Path(options.form), options.source)
    lane = Lane(station.home, options.source, station.config.hang_seconds, voice) if is_device(options.source) else None
    code = lane.split() if lane is not None else None
    if code is not None:                                       # the child has said all there is to say
        return code
    progress = Progress(voice, options.progress)
    if lane is not None:
        progress.beat_in(lane)
    progress.watch_signals()
    verdict = intake(station, options.source, form, choice_of(options, inside, lists), progress, people=people)
    report(station, verdict, options.json, voice)
    return EXIT[verdict.outcome]


def open_known_batch(station: Station, form: SubmittedForm, path: Path) -> None:
    """A form that says whose it is opens its batch by itself; a plain list waits for `station batch`."""
    if form.fields.get("fonds_no") and form.fields.get("unit_name"):
        batches.open_batch(station, form, path, {})


def show_encoding(form: SubmittedForm, voice: Voice) -> None:
    """Where the encoding of a list was decided, some of its names, before it is the reference (domain §10.10).

    A name that went wrong shows itself to anybody who reads Chinese; the first, one in the middle and the last.
    """
    if form.encoding in ("", "utf-8", "utf-8-sig"):
        return
    names = [path for path in form.lines.paths if not path.isascii()]
    chosen = dict.fromkeys((names[0], names[len(names) // 2], names[-1])) if names else {}
    voice.say("form-encoding", encoding=form.encoding.upper(), file=form.file_name)
    for name in chosen:
        voice.say("form-encoding-name", name=name[:NAME_SHOWN])


def report(station: Station, verdict: Verdict, as_json: bool, voice: Voice) -> None:
    """The verdict: as JSON, or in plain words with the next step for each reason."""
    if as_json:
        texts = read_list_texts(station.home.intakes / verdict.intake / "lines.jsonl.zst")
        for piece in verdict_json(verdict, texts):
            voice.out.write(piece)
        voice.out.write("\n")
        voice.out.flush()
        return
    counts = verdict.counts
    voice.answer(voice.phrase(f"outcome-{verdict.outcome}", intake=verdict.intake))
    folder = "-folder" if verdict.carrier.kind == "folder" else ""
    voice.answer(voice.phrase("verdict-carrier" + folder, kind=voice.phrase(f"kind-{verdict.carrier.kind}"),
                              label=verdict.carrier.volume_label or "-", number=verdict.carrier.number or "-",
                              layers=" + ".join(verdict.carrier.layers) or "-", files=counts.files,
                              gb=f"{counts.bytes / 1024**3:.3f}", bytes=f"{counts.bytes:,}"))
    voice.answer(voice.phrase("verdict-lines", listed=counts.listed, equal=counts.equal, differs=counts.differs,
                              missing=counts.missing, unreadable=counts.unreadable, not_checked=counts.not_checked,
                              unlisted=counts.unlisted))
    if verdict.reference.trees.keys() - {"files"}:             # a folder has one tree, without a name
        trees = "、".join(f"{name} {count}" for name, count in verdict.reference.trees.items())
        voice.answer(voice.phrase("verdict-names", trees=trees))
    if verdict.reference.form_sha256 and verdict.reference.lists:
        voice.answer(voice.phrase("verdict-lists", count=verdict.reference.list_count,
                                  lists=some([each.path for each in verdict.reference.lists])))
    for judgement in verdict.findings:
        code = f" {judgement.code}" if judgement.severity is Severity.DOUBT else ""       # what `resolve` is given
        voice.answer(f"  [{voice.phrase('severity-' + judgement.severity)}{code}] {voice.text(judgement.text)}")
        step = voice.next_step(judgement)
        if step:
            voice.answer(f"      → {step}")
    for following in next_steps(station, verdict):
        voice.answer(voice.phrase(following.what, **following.facts))


def lies_in(path: Path, folder: Path) -> bool:
    """Whether a form lies in the very folder that is the carrier; a folder that is not there any more holds none."""
    return folder.is_dir() and os.path.commonpath([path.resolve(), folder.resolve()]) == str(folder.resolve())
