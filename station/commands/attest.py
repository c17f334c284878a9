"""station attest FILE: was this very content ever accepted? --code: is this paper ours? 0 yes, 1 no."""
from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from station.attest import Answer, PaperAnswer, attest, attest_code
from station.batch import UsageError
from station.commands import open_station
from station.commands.decide import tell_paper
from station.sheets import print_attestation
from station.words import Voice


def add_arguments(parser: argparse.ArgumentParser, voice: Voice) -> None:
    parser.add_argument("file", nargs="?", type=Path, help=voice.phrase("help-attest-file"))
    parser.add_argument("--sheet", action="store_true", help=voice.phrase("help-attest-sheet"))
    parser.add_argument("--code", help=voice.phrase("help-attest-code"))
    parser.add_argument("--json", action="store_true", help=voice.phrase("help-json"))


def run(options: argparse.Namespace, voice: Voice) -> int:
    if (options.file is None) == (options.code is None):
        raise UsageError("attest-file-or-code")
    station = open_station(options, voice, writes=options.sheet)
    if options.code is not None:
        paper = attest_code(station, options.code)
        _tell_code(paper, voice, options.json)
        return 1 if paper.wrong else 0
    answer = attest(station, options.file)
    printed = print_attestation(station, answer) if options.sheet else None
    _tell(answer, voice, options.json)
    if printed is not None:
        tell_paper(printed, voice if not options.json else Voice(voice.language, voice.err, voice.err))
    return 0 if answer.count else 1


def _tell(answer: Answer, voice: Voice, as_json: bool) -> None:
    if as_json:
        record = asdict(answer) | {"found": bool(answer.count), "matches": [m._asdict() for m in answer.matches]}
        voice.answer(json.dumps(record, ensure_ascii=False))
        return
    key = "attest-found" if answer.count else "attest-none"
    voice.answer(voice.phrase(key, name=answer.name, count=answer.count, lines=answer.lines,
                              sha256=answer.content_sha256 or answer.sha256))
    for match in answer.matches:
        facts = {**match._asdict(), "carrier": match.carrier or "-", "unit": match.unit or "-"}
        voice.answer(voice.phrase(f"attest-match-{match.scope}", **facts))


def _tell_code(paper: PaperAnswer, voice: Voice, as_json: bool) -> None:
    if as_json:
        voice.answer(json.dumps({"ours": not paper.wrong, "code": paper.code._asdict(), "wrong": paper.wrong,
                                 "record": paper.facts}, ensure_ascii=False))
        return
    for what in paper.wrong:
        voice.answer(voice.phrase(what, **paper.code._asdict()))
    if paper.facts:
        outcome = voice.phrase(f"word-{paper.facts['outcome']}") if paper.facts["outcome"] else "-"
        voice.answer(voice.phrase("code-record", **{**paper.facts, "outcome": outcome}))
    voice.answer(voice.phrase("code-foreign" if paper.wrong else "code-ours", number=paper.code.number))
