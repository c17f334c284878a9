"""station demo [DIR]: the whole main job on a sound and on a damaged sample carrier, without hardware or server."""
from __future__ import annotations

import argparse
import errno
import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from carriers.blocks import BlockSource
from carriers.disc import Disc
from carriers.model import Carrier, Refused
from checks.bind import Choice
from checks.form import read_form
from checks.verdict import Outcome
from station import batch as batches
from station.audit import audit
from station.commands import form as form_command
from station.commands import open_station
from station.commands.decide import tell_paper
from station.commands.intake import report
from station.delivery import OUTBOX
from station.intake import intake
from station.papers import People, decide
from station.printer_words import with_queues
from station.progress import Progress
from station.register import Station
from station.sample import make_sample
from station.words import Voice

_SEED = 20260101
_SECTOR = 2048


def add_arguments(parser: argparse.ArgumentParser, voice: Voice) -> None:
    parser.add_argument("folder", nargs="?", type=Path, default=Path("demo"), help=voice.phrase("help-demo-folder"))


def run(options: argparse.Namespace, voice: Voice) -> int:
    folder: Path = options.folder
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Refused("output-exists", path=str(folder))
    folder.mkdir(parents=True, exist_ok=True)
    options.home = folder / "home"
    station = with_queues(open_station(options, voice), OUTBOX, OUTBOX)
    voice.say("demo-begin", path=folder.resolve())
    for number in (1, 2):
        _sample(folder, number, voice)
    voice.say("demo-sound")
    good = _intake(station, folder, 1, voice)
    voice.say("demo-damaged")
    bad = _intake(station, folder, 2, voice, _failing_at)
    voice.say("demo-decide")
    for batch in (good, bad):
        decision, papers = decide(station, batch, People("张伟", "李敏"))
        voice.answer(voice.phrase("decided", number=decision.number, outcome=voice.phrase(f"word-{decision.outcome}")))
        for paper in papers:
            tell_paper(paper, voice)
    voice.say("demo-audit")
    report = audit(station.home)
    voice.answer(voice.phrase("audit-broken" if report.breaks else "audit-whole", lines=report.lines,
                              count=len(report.breaks)))
    voice.say("demo-end")
    outcomes = [r.outcome for n in (good, bad) for r in batches.fold(station, n).readings]
    return 0 if outcomes == [Outcome.PASSED, Outcome.FAILED] and not report.breaks else 1


def _sample(folder: Path, number: int, voice: Voice) -> None:
    """The unit's side of one batch: files, form, image."""
    source = folder / f"unit{number}"
    make_sample(source, _SEED + number)
    files = sum(len(names) for _, _, names in os.walk(source))
    voice.say("demo-sample", files=files)
    carrier = f"J010-2026-{number:02d}-G001-A"
    options = argparse.Namespace(folder=source, output=folder / f"form{number}.xlsx", iso=folder / f"disc{number}.iso",
                                 number=carrier)
    form_command.make(options, _fields(number, carrier), voice)


def _fields(number: int, carrier: str) -> dict[str, str]:
    """The 情况表 of a made-up unit, complete."""
    return {"fonds_no": "J010", "unit_name": "示例县民政局", "year": "2026", "batch_no": f"J010-2026-{number:02d}",
            "work_name": "示例县民政局2026年文书档案登记备份", "layer": "必须登记", "data_form": "档案数字化成果",
            "description": "2025年度文书档案数字化成果(演示样品)", "item_count": "300", "security_level": "公开",
            "is_encrypted": "否", "backup_mode": "脱机", "carrier_form": "光盘", "carrier_spec": "DVD-R 4.7GB",
            "carrier_from": carrier, "carrier_to": carrier, "set_count": "1", "contact": "王芳",
            "phone": "0000-0000000", "preparer": "王芳", "prepared_on": "2026-01-05"}


def _intake(station: Station, folder: Path, number: int, voice: Voice,
            opener: Callable[[Path], Carrier] | None = None) -> str:
    """One carrier through the main flow; returns its batch."""
    path = folder / f"form{number}.xlsx"
    form = read_form(path)
    batch = batches.open_batch(station, form, path, {})
    image = folder / f"disc{number}.iso"
    verdict = intake(station, image, form, Choice(), Progress(voice), opener=opener)
    report(station, verdict, False, voice)
    return batch


def _failing_at(path: Path) -> Carrier:
    """The second image with a fault of the medium: one block that cannot be read, in the middle of a larger file.

    One file was altered on the image before (a byte inverted), as a bad copy would have it.
    """
    with closing(Disc(BlockSource(path))) as disc:
        files = disc.structure()[0].files
    if files is None:
        raise ValueError("the sample has no files")
    large = sorted((size, number) for number, size in enumerate(files.sizes) if size > 100 * _SECTOR)
    unreadable, altered = large[-1][1], large[-2][1]
    with path.open("r+b") as image:
        image.seek(files.starts[altered] * _SECTOR + 1000)
        byte = image.read(1)[0]
        image.seek(-1, os.SEEK_CUR)
        image.write(bytes([byte ^ 0xFF]))
    bad = (files.starts[unreadable] + 50) * _SECTOR

    def pread(descriptor: int, length: int, offset: int) -> bytes:
        if offset <= bad < offset + length:
            if offset == bad:
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            return os.pread(descriptor, bad - offset, offset)
        return os.pread(descriptor, length, offset)
    return Disc(BlockSource(path, pread=pread))
