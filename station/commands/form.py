"""station form DIR -o FORM.xlsx [--iso OUT.iso], station form --blank -o FORM.xlsx: the unit's side."""
from __future__ import annotations

import argparse
import re
from pathlib import Path

from carriers.model import Refused
from checks.fields import field_of
from station.form_book import labels
from station.form_writer import write_blank, write_form
from station.progress import Progress
from station.sample import master_iso
from station.words import Voice


def add_arguments(parser: argparse.ArgumentParser, voice: Voice) -> None:
    parser.add_argument("folder", nargs="?", type=Path, help=voice.phrase("help-form-folder"))
    parser.add_argument("--blank", action="store_true", help=voice.phrase("help-form-blank"))
    parser.add_argument("-o", "--output", type=Path, required=True, help=voice.phrase("help-form-output"))
    parser.add_argument("--iso", type=Path, help=voice.phrase("help-form-iso"))
    parser.add_argument("--fonds", default="", help=voice.phrase("help-fonds"))
    parser.add_argument("--unit", default="", help=voice.phrase("help-unit"))
    parser.add_argument("--year", default="", help=voice.phrase("help-year"))
    parser.add_argument("--number", default="", help=voice.phrase("help-form-label"))
    parser.add_argument("--field", action="append", default=[], metavar="LABEL=TEXT",
                        help=voice.phrase("help-form-field"))


def run(options: argparse.Namespace, voice: Voice) -> int:
    if options.blank == (options.folder is not None) or (options.blank and options.iso is not None):
        raise Refused("form-folder-or-blank")
    for path in (options.output, options.iso):
        if path is not None and path.exists():
            raise Refused("output-exists", path=str(path))
    fields = {"fonds_no": options.fonds, "unit_name": options.unit, "year": options.year,
              "carrier_from": options.number, **dict(map(_field, options.field))}
    given = {k: v for k, v in fields.items() if v}
    if options.blank:
        write_blank(options.output, given)
        voice.say("form-blank-written", path=options.output)
    else:
        make(options, given, voice)
    return 0


def _field(written: str) -> tuple[str, str]:
    """A field of the 情况表 as given: 联系人=王芳. Raises: Refused("form-field-unknown")."""
    label, equals, text = written.partition("=")
    field = field_of(label)
    if not equals or field is None or len(field.names) != 1:
        raise Refused("form-field-unknown", label=label, labels="、".join(labels().values()))
    return field.names[0], text.strip()


def make(options: argparse.Namespace, fields: dict[str, str], voice: Voice) -> int:
    """Write the form and, if wanted, the image, with progress; returns the number of files."""
    progress = Progress(voice)
    progress.stage("listing")
    files = write_form(options.folder, options.output, fields, progress.report)
    progress.end()
    voice.say("form-written", path=options.output, files=files)
    if options.iso is not None:
        label = re.sub(r"[^A-Z0-9_]", "_", options.number.upper()) or "UNNAMED"
        progress.stage("mastering")
        master_iso(options.folder, options.iso, label, progress.report)
        progress.end()
        voice.say("iso-written", path=options.iso, bytes=options.iso.stat().st_size)
    return files
