"""Other people's tools that own a drive's protocol, run with a deadline and without a shell.

Takes a command, gives what it wrote; relies on nothing of ours. A tool that is missing, refused or silent is an answer
with its reason, never an error: what a drive would have said of a carrier is then not checked, and that is all.
"""
from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Sequence
from contextlib import suppress
from shutil import which
from typing import NamedTuple

DEADLINE_SECONDS = 20.0
OUTPUT_BYTES = 4 << 20
_SYSTEM_TOOLS = "/usr/sbin:/sbin"                 # where smartctl lies, and where the PATH of users does not look
_LINGER_SECONDS = 1.0


class Answer(NamedTuple):
    """What a tool ended with and wrote on its standard output. reason: "" or why there is none: no-tool, no-answer."""

    status: int
    output: bytes
    reason: str = ""


Run = Callable[[Sequence[str]], Answer]


def run_tool(command: Sequence[str], deadline_seconds: float = DEADLINE_SECONDS) -> Answer:
    """Run a tool to its end, or to the deadline.

    One that does not die when killed waits in the kernel for a drive: it is left behind, for to wait for it would hang
    here too.
    """
    place = which(command[0], path=f"{os.environ.get('PATH', os.defpath)}:{_SYSTEM_TOOLS}")
    if place is None:
        return Answer(-1, b"", "no-tool")
    tool = subprocess.Popen((place, *command[1:]), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL, env={**os.environ, "LC_ALL": "C"}, start_new_session=True)
    try:
        output, _ = tool.communicate(timeout=deadline_seconds)
    except subprocess.TimeoutExpired:
        tool.kill()
        with suppress(subprocess.TimeoutExpired):
            tool.communicate(timeout=_LINGER_SECONDS)
        return Answer(-1, b"", "no-answer")
    if len(output) > OUTPUT_BYTES:
        return Answer(-1, b"", "no-answer")
    return Answer(tool.returncode, output)
