"""station drives [--watch] [--json]: the drives and what lies in them."""
from __future__ import annotations

import argparse
import json
import signal
import sys
from contextlib import closing
from pathlib import Path

from station.block_devices import Machine
from station.commands import open_station
from station.drives import Drive, Watch, list_drives
from station.probe import Probes
from station.register import Station
from station.watching import Hints, Pulse, changes
from station.words import Voice


def add_arguments(parser: argparse.ArgumentParser, voice: Voice) -> None:
    parser.add_argument("--watch", action="store_true", help=voice.phrase("help-watch"))
    parser.add_argument("--json", action="store_true", help=voice.phrase("help-json"))


def run(options: argparse.Namespace, voice: Voice) -> int:
    station = open_station(options, voice, writes=False)
    with closing(Probes()) as probes:
        watch = watch_of(station, probes)
        if options.watch:
            return _tell_changes(watch, probes, voice)
        drives = list_drives(watch, Pulse(probes, Hints()).wait)
    if options.json:
        voice.answer(json.dumps([drive.record() for drive in drives], ensure_ascii=False))
        return 0
    for drive in drives:
        voice.answer(row(drive, voice))
    if not drives:
        voice.answer(voice.phrase("drives-none"))
    return 0


def watch_of(station: Station, probes: Probes) -> Watch:
    """The drives of this workstation."""
    return Watch(Machine(), probes, tuple(str(Path(folder).absolute()) for folder in station.config.folder_drives),
                 (station.home.root,))


def _tell_changes(watch: Watch, probes: Probes, voice: Voice) -> int:
    """A line of JSON for each change, until the reader goes or we are told to end."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, lambda *_: sys.exit(0))
    for changed in changes(watch, Pulse(probes, Hints(), sys.stdout.fileno())):
        for drive in changed:
            voice.answer(json.dumps(drive.record(), ensure_ascii=False))
    return 0


def row(drive: Drive, voice: Voice) -> str:
    """A drive as a line: device, what it is, what lies in it, and why it is not offered."""
    words = [voice.phrase(f"drive-{drive.state}")]
    if drive.state in ("loaded", "blank", "unreadable"):
        words += [drive.medium.upper() if drive.kind == "disk" else drive.medium if drive.kind != "folder" or
                  not drive.medium else voice.phrase(f"drive-{drive.medium}")]
        words += [voice.phrase("drive-disc-" + drive.disc_state)] if drive.disc_state in (
            "appendable", "complete") else []
        words += [voice.phrase("drive-sessions", count=drive.sessions)] if drive.sessions > 1 else []
        words += [voice.phrase("drive-label", label=drive.label)] if drive.label else []
        words += [voice.phrase("drive-partitions", count=len(drive.partitions),
                               kinds="、".join(part.file_system or "?" for part in drive.partitions))
                  ] if drive.partitions else []
        words += [f"{drive.size_bytes / 1e9:.2f} GB"] if drive.size_bytes and drive.kind != "tape" else []
    if drive.reason:
        words.append(voice.phrase(f"drive-reason-{drive.reason}", mounted="、".join(drive.mounted)))
    return voice.phrase("drive-row", device=drive.device, kind=voice.phrase(f"drive-kind-{drive.kind}"),
                        model=drive.model or "-", words=voice.phrase("drive-comma").join(filter(None, words)))
