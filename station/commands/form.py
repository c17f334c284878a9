"""station form DIR -o FORM.xlsx [--iso OUT.iso]: the unit's side."""
from __future__ import annotations

import argparse
import re
from pathlib import Path

from carriers.model import Refused
from station.form_writer import write_form
from station.progress import Progress
from station.sample import master_iso
from station.words import Voice


def add_arguments(parser: argparse.ArgumentParser, voice: Voice) -> None:
    parser.add_argument("folder", type=Path, help=voice.phrase("help-form-folder"))
    parser.add_argument("-o", "--output", type=Path, required=True, help=voice.phrase("help-form-output"))
    parser.add_argument("--iso", type=Path, help=voice.phrase("help-form-iso"))
    parser.add_argument("--fonds", default="", help=voice.phrase("help-fonds"))
    parser.add_argument("--unit", default="", help=voice.phrase("help-unit"))
    parser.add_argument("--year", default="", help=voice.phrase("help-year"))
    parser.add_argument("--number", default="", help=voice.phrase("help-form-label"))


def run(options: argparse.Namespace, voice: Voice) -> int:
    for path in (options.output, options.iso):
        if path is not None and path.exists():
            raise Refused("output-exists", path=str(path))
    fields = {"fonds_no": options.fonds, "unit_name": options.unit, "year": options.year,
              "carrier_from": options.number}
    make(options, {k: v for k, v in fields.items() if v}, voice)
    return 0


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
