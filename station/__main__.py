"""station: the commands of the intake and verification station, one short file each in `commands/`.

Takes a command line, gives an exit code: 0 合格 · 1 不合格 · 2 wrong usage or unreadable form · 3 待定 · 4 could not
look · 70 a program error, with its trace.
"""
from __future__ import annotations

import argparse
import functools
import importlib
import io
import os
import sys
import traceback
from pathlib import Path
from typing import NoReturn

from carriers.model import Refused
from station.words import Voice

# command → module; only the one that is asked for is loaded
COMMANDS = {"drives": "drives", "intake": "intake", "recompare": "recompare", "resolve": "resolve", "batch": "batch",
            "decide": "decide",
            "receive": "receive", "return": "give_back", "store": "store", "unseal": "unseal", "event": "event",
            "print": "print_paper", "printers": "printers", "register": "search", "audit": "audit",
            "attest": "attest", "due": "due", "export": "export", "import": "import_bag", "form": "form",
            "doctor": "doctor", "demo": "demo"}
USAGE_CODES = frozenset({"classified", "same-person", "reason-missing", "no-such-doubt", "root-malformed",
                         "output-exists", "form-changed", "words-forbidden"})


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    voice = Voice(os.environ.get("STATION_LANG", "zh"))
    try:
        return _run(arguments, voice)
    except Refused as refusal:
        voice.refuse(refusal)
        return exit_code(refusal)
    except BrokenPipeError:                                    # whoever reads our answer has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 4


def _run(arguments: list[str], voice: Voice) -> int:
    name = arguments[0] if arguments else ""
    if name not in COMMANDS:
        wanted = name in ("help", "-h", "--help")
        rows = [f"  station {command:<10} {voice.phrase('help-' + command)}" for command in COMMANDS]
        if name and not wanted:
            voice.say("unknown-command", name=name)
        print("\n".join([voice.phrase("usage"), *rows]), file=voice.out if wanted else voice.err, flush=True)
        return 0 if wanted else 2
    module = importlib.import_module(f"station.commands.{COMMANDS[name]}")
    parser = argparse.ArgumentParser(prog=f"station {name}", description=voice.phrase("help-" + name), add_help=False)
    parser.error = functools.partial(_wrong_usage, parser, voice)  # type: ignore[method-assign]
    parser.add_argument("-h", "--help", action="help", help=voice.phrase("help-help"))
    parser.add_argument("--home", type=Path, help=voice.phrase("help-home"))
    parser.add_argument("--config", type=Path, help=voice.phrase("help-config"))
    module.add_arguments(parser, voice)
    code: int = module.run(parser.parse_args(arguments[1:]), voice)
    return code


def _wrong_usage(parser: argparse.ArgumentParser, voice: Voice, message: str) -> NoReturn:
    usage = " ".join(parser.format_usage().split()[1:])
    voice.say("wrong-usage", message=message, usage=usage)
    sys.exit(2)


def exit_code(refusal: Refused) -> int:
    """2 for what the caller can mend in the command or the form, 4 for what could not be looked at or kept."""
    usage = type(refusal).__name__ == "UsageError" or refusal.code in USAGE_CODES
    return 2 if usage or refusal.code.startswith(("form-", "disc-", "config-")) else 4


def guarded() -> int:
    """The program's entry: a program error prints its trace and exits 70."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):               # a name that is no text: \udc80, as JSON has it
            stream.reconfigure(errors="backslashreplace")
    try:
        return main()
    except Exception:  # noqa: BLE001  # the one place: nothing goes on after it
        traceback.print_exc()
        return 70


if __name__ == "__main__":
    sys.exit(guarded())
