"""station print NUMBER [--to QUEUE] [--copies N]: a paper again, on a queue or as a PDF in the outbox.

A paper that never came out of the printer is sent again as it is; any other is made anew and marked as a reprint. With
an option: a paper that no decision prints by itself; notices for people at the desk go to the paper queue, what needs
a certain sheet in the printer waits in the outbox.
"""
from __future__ import annotations

import argparse
from dataclasses import replace

from carriers.model import Refused
from station import desk_papers, notices
from station.commands import open_station
from station.commands.decide import send_all, tell_paper
from station.delivery import OUTBOX, leave, to_be_sent
from station.papers import Paper
from station.printer_words import send_paper, with_queues
from station.register import Station
from station.sheets import reprint_sheet
from station.words import Voice


def add_arguments(parser: argparse.ArgumentParser, voice: Voice) -> None:
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("number", nargs="?", help=voice.phrase("help-paper-number"))
    for option, metavar in (("--blank", "BATCH"), ("--overlay", "NUMBER"), ("--return", "NUMBER"),
                            ("--confirmation", "INTAKE"), ("--labels", "NUMBER"), ("--receipt", "BATCH"),
                            ("--sampling", "NUMBER")):
        what.add_argument(option, metavar=metavar, dest=option[2:], help=voice.phrase(f"help-print-{option[2:]}"))
    what.add_argument("--tape", nargs="+", metavar="J01001L8", help=voice.phrase("help-print-tape"))
    what.add_argument("--test-grid", action="store_true", help=voice.phrase("help-print-grid"))
    parser.add_argument("--printer", default="", metavar="QUEUE", help=voice.phrase("help-print-printer"))
    parser.add_argument("--reason", action="append", default=[], metavar="CARRIER=R07,R99:TEXT",
                        help=voice.phrase("help-print-reason"))
    parser.add_argument("--due", default="", help=voice.phrase("help-print-due"))
    parser.add_argument("--remark", default="", help=voice.phrase("help-remark"))
    parser.add_argument("--list", default="", metavar="PATH", help=voice.phrase("help-print-list"))
    parser.add_argument("--stock", default="", help=voice.phrase("help-print-stock"))
    parser.add_argument("--start", type=int, default=1, metavar="N", help=voice.phrase("help-print-start"))
    parser.add_argument("--to", metavar="QUEUE", help=voice.phrase("help-to"))
    parser.add_argument("--copies", type=int, choices=range(1, 100), metavar="N", help=voice.phrase("help-copies"))


def run(options: argparse.Namespace, voice: Voice) -> int:
    station = open_station(options, voice)
    if options.test_grid:
        path = notices.print_grid(station, options.printer)
        voice.answer(voice.phrase("paper-test-grid", path=path))
        return 0
    if options.number:
        return _again(options, station, voice)
    station = with_queues(station, options.to, options.to)
    paper = _made(options, station)
    tell_paper(paper, voice)
    state = send_all(station, [paper], voice)[paper.number]
    if paper.kind in ("blank", "overlay", "confirmation"):
        facts = {"batch": options.blank or "", "intake": options.confirmation or "",
                 "number": options.overlay or ""}
        voice.say(f"next-{paper.kind}", **facts)
    return 0 if state in ("completed", OUTBOX) else 4


def _again(options: argparse.Namespace, station: Station, voice: Voice) -> int:
    """A paper that is on record already."""
    station = with_queues(station, options.to, options.to)
    if options.copies:
        station = replace(station, config=replace(station.config, certificate_copies=options.copies,
                                                  label_copies=options.copies))
    line = to_be_sent(station, options.number)
    if line is None:
        sheet = reprint_sheet(station, options.number)
        papers = [sheet] if sheet else notices.reprint(station, options.number)
        for paper in papers:
            tell_paper(paper, voice)
        if len(papers) > 1:                                    # a printing that broke off: each to its own queue
            states = send_all(station, papers, voice).values()
            return 0 if all(state in ("completed", OUTBOX) for state in states) else 4
    elif options.to == OUTBOX:
        leave(station, line)
        voice.answer(voice.phrase("print-by-hand", number=line["number"],
                                  path=station.home.outbox / (station.home.root / line["file"]).name))
        return 0
    delivery = send_paper(station, options.number, voice, options.to or "", options.copies or 0)
    return 0 if delivery is None or delivery.state == "completed" else 4


def _made(options: argparse.Namespace, station: Station) -> Paper:
    if options.blank:
        return notices.blank_form(station, options.blank)
    if options.overlay:
        return notices.overlay(station, options.overlay, options.printer)
    if vars(options)["return"]:
        return notices.return_notice(station, vars(options)["return"], notices.reasons_given(options.reason),
                                     options.due, options.remark)
    if options.confirmation:
        return notices.list_confirmation(station, options.confirmation, options.list)
    if options.labels:
        return notices.label_sheet(station, options.labels, options.stock, options.start, options.printer)
    if options.receipt:
        return desk_papers.receipt(station, options.receipt, options.due)
    if options.sampling:
        return desk_papers.sampling_list(station, options.sampling)
    if options.tape:
        return notices.tape_labels(station, options.tape)
    raise Refused("paper-unknown", number="")
